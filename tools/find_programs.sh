# shellcheck shell=bash disable=SC2154
# Sourced after common.sh: looks for the programs the tests start. Each prints a path, or nothing.

find_redis() {
    local name
    for name in redis-server valkey-server; do
        if have "$name"; then command -v "$name"; return; fi
    done
}

# find_rclone: the one of the tests' own Python packages; Debian's is older than its S3 server.
find_rclone() {
    if [ -x "$root/end2end/.venv/bin/rclone" ]; then printf '%s\n' "$root/end2end/.venv/bin/rclone"; fi
}

# find_postgres: the folder with the server's programs, which Debian keeps off the PATH.
find_postgres() {
    local folder
    for folder in "$(pg_config --bindir 2>/dev/null)" /usr/lib/postgresql/*/bin "$(dirname "$(command -v initdb)")"; do
        if [ -x "$folder/initdb" ] && [ -x "$folder/postgres" ] && [ -x "$folder/psql" ]; then
            printf '%s\n' "$folder"
            return
        fi
    done
}

# find_on_path NAME…: the first of them, also where only root has them on the PATH.
find_on_path() {
    local name
    for name in "$@"; do
        if have "$name"; then command -v "$name"; return; fi
        if [ -x "/usr/sbin/$name" ]; then printf '/usr/sbin/%s\n' "$name"; return; fi
    done
}

find_mariadb() { find_on_path mariadbd; }

find_mariadb_install() { find_on_path mariadb-install-db; }

find_chromium() {
    local name mac="/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
    if [ -n "${CHROMIUM_PATH:-}" ]; then
        printf '%s\n' "$CHROMIUM_PATH"
        return
    fi
    for name in chromium google-chrome google-chrome-stable chromium-browser; do
        if have "$name"; then command -v "$name"; return; fi
    done
    if [ -x "$mac" ]; then printf '%s\n' "$mac"; fi
}

# playwright_has_chromium: whether Playwright has downloaded a browser of its own.
playwright_has_chromium() {
    (cd "$root/end2end" && node -e '
        const { chromium } = require("@playwright/test");
        process.exit(require("fs").existsSync(chromium.executablePath()) ? 0 : 1);
    ') 2>/dev/null
}
