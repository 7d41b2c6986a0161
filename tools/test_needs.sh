#!/usr/bin/env bash
# Installs what the tests need beyond the build: databases, Redis, a browser, Playwright and SheetJS, Python packages
# (end2end/requirements.txt), and, where that can be done, LibreOffice Calc.
. "$(dirname "$0")/common.sh"
. "$(dirname "$0")/find_programs.sh"

wanted=""
if [ -z "$(find_redis)" ]; then wanted="$wanted redis-server"; fi
if [ -z "$(find_postgres)" ]; then wanted="$wanted postgresql"; fi
if [ -z "$(find_mariadb)" ]; then wanted="$wanted mariadb-server"; fi
if [ -z "$(find_chromium)" ] && is_debian; then wanted="$wanted chromium"; fi
# Debian splits venv from Python.
if ! python3 -c 'import ensurepip, venv' 2>/dev/null; then wanted="$wanted python3-venv"; fi

if [ -n "$wanted" ]; then
    if have apt-get && can_be_root; then
        say "Installing:$wanted"
        # shellcheck disable=SC2086 # A list of package names.
        apt_install $wanted || die "these packages could not be installed:$wanted; see the message above."
    else
        die "the tests also need:$wanted. Install them (macOS: 'brew install redis postgresql mariadb'; Debian: as root, 'apt-get install$wanted') and try again."
    fi
fi

# One check needs it and is left out without it, so that what stands in the way of 300 MB stops nothing else. It is looked for only
# as a command: nothing may take the place of a LibreOffice that somebody has.
if ! have soffice && have apt-get && can_be_root; then
    say "Installing LibreOffice Calc without its windows, which reads exported workbooks (90 MB to fetch, 280 MB on the disk)"
    apt_install libreoffice-calc-nogui || say "LibreOffice Calc could not be installed; see the message above."
fi

if ! cmp -s end2end/package-lock.json end2end/node_modules/.installed-lock.json; then
    say "Installing Playwright, which drives the browser, and SheetJS, which reads workbooks"
    (cd end2end && PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 npm ci --no-audit --no-fund)
    cp end2end/package-lock.json end2end/node_modules/.installed-lock.json
fi

if [ -z "$(find_chromium)" ] && ! playwright_has_chromium; then
    say "Installing Playwright's own Chromium"
    (cd end2end && npx playwright install chromium) ||
        die "no browser was found: install Chromium or Google Chrome, or set CHROMIUM_PATH to one, and try again."
fi

if ! cmp -s end2end/requirements.txt end2end/.venv/.installed-requirements.txt; then
    say "Installing programs that read exported files independently of Longshore, and an S3 server"
    python3 -m venv end2end/.venv
    end2end/.venv/bin/python -m pip install --quiet --requirement end2end/requirements.txt
    cp end2end/requirements.txt end2end/.venv/.installed-requirements.txt
fi
