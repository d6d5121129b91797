"""The ground floor: project, settings, paths, errors, locks, files, and the protocols."""
