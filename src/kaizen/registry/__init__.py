"""Which model is champion: scores, the gate, MLflow's runs and versions, and their lineage."""
