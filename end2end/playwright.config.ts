import { defineConfig } from "@playwright/test";

/**
 * `make test` sets these; the specs start servers of their own with them:
 * LONGSHORE_BIN (the program), LEPTOS_SITE_ROOT (its site folder), LONGSHORE_PYTHON (a Python with openpyxl),
 * LONGSHORE_TEST_REDIS_URL, LONGSHORE_TEST_POSTGRES_URL, LONGSHORE_TEST_MYSQL_URL, and LONGSHORE_TEST_S3_URL with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY. CHROMIUM_PATH is the browser; without it Playwright's own download is used.
 */
export default defineConfig({
  testDir: "tests",
  // The servers under test share two cores with the browser; one at a time keeps their timings honest.
  workers: 1,
  // A test that passes only at a second try is a failure to look into.
  retries: 0,
  forbidOnly: !!process.env.CI,
  reporter: "list",
  // Against tests that hang, so it is long: a machine may be some times slower than another, and time is not what they measure.
  timeout: 300_000,
  // A page hears of a change with its next poll, which is some seconds away; a loaded machine adds some more.
  expect: { timeout: 15_000 },
  use: { trace: "retain-on-failure" },
  projects: [
    {
      name: "chromium",
      use: {
        browserName: "chromium",
        launchOptions: {
          executablePath: process.env.CHROMIUM_PATH || undefined,
          // No sandbox: containers and root have no user namespaces for it. No background networking: the tests
          // must not depend on the internet.
          args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        },
      },
    },
  ],
});
