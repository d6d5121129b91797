#!/bin/sh
# Finds a Python 3.11 and hands over to install.py. Nothing else is needed on a fresh machine.
set -eu
cd "$(dirname "$0")/.."

found=""
for name in "${PYTHON:-}" python3.11 python3 python; do
    [ -n "$name" ] || continue
    version=$("$name" -c 'import sys; print("%d.%d.%d" % sys.version_info[:3])' 2>/dev/null) || continue
    case $version in
        3.11.*) exec "$name" -I scripts/install.py ;;
    esac
    found="$found, $name is $version"
done
found=${found#, }
found=${found:-none was found}

cat >&2 <<END
set-up stopped: kaizen needs Python 3.11, but $found.
Install it:  Debian 12, as root:  apt-get install python3.11 python3.11-venv
             elsewhere:           for example with pyenv or uv: uv python install 3.11
or name it:  make setup PYTHON=/path/to/python3.11
END
exit 1
