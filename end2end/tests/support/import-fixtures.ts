import path from "node:path";

import { test as base } from "./fixtures";
import { ImportShop } from "./import-shop";
import type { Server } from "./server";
import { Wizard } from "./wizard";

/** Orders that the table of every test has at the start. */
export const FEW = 100;

interface Fixtures {
  /** A table of a few orders, of this test alone. */
  imports: ImportShop;
  /** A server over it. */
  server: Server;
  /** Its import, in the page of this test; not opened yet. */
  wizard: Wizard;
}

export const test = base.extend<Fixtures>({
  imports: async ({ folder }, use) => {
    await use(ImportShop.make(path.join(folder, "import-shop"), FEW));
  },
  server: async ({ serve, imports }, use) => {
    await use(await serve({ config: imports.config }));
  },
  wizard: async ({ server, page }, use) => {
    await use(new Wizard(page, server.url));
  },
});

export { expect } from "@playwright/test";
