import fs from "node:fs";
import os from "node:os";
import path from "node:path";

import { expect, test as base } from "@playwright/test";

import { Server, type ServerOptions } from "./server";
import { Shop, SlowShop } from "./shop";

/** Orders of the shop that size matters for. */
export const MANY = 200_000;
/** Orders of every other shop. */
export const FEW = 10_000;

/**
 * A worker hears of a cancellation with its next beat, which progress brings forward. Exports that the tests hold up make
 * none, so their beats come more often than by default.
 */
const SETTINGS = { WORKER__BEAT: "500ms" };

interface Shops {
  /** A shop of 200,000 orders; read only. */
  large: Shop;
  /** A shop of 10,000 orders; read only. */
  small: Shop;
}

interface Fixtures {
  /** An empty folder that goes with the test. */
  folder: string;
  /** A small shop of this test alone. */
  shop: Shop;
  /** A small shop of this test alone, with its gate closed. */
  slowShop: SlowShop;
  /** Starts a server with a data folder of its own; it is killed with the test, and a failed test keeps its log. */
  serve: (options?: Partial<ServerOptions>) => Promise<Server>;
  /** Starts a killed or terminated server again. */
  restart: (server: Server, settings?: Record<string, string>) => Promise<Server>;
  /** Every server that this test has started. */
  servers: Server[];
}

/**
 * How many times slower than this machine the browser is to be: whoever looks for tests that hang on a quick machine sets LONGSHORE_SLOWER, as
 * in `LONGSHORE_SLOWER=3 make test`.
 */
const SLOWER = Number(process.env.LONGSHORE_SLOWER || 1);

/** What browsers say by themselves of requests that tests let fail. */
const NETWORK_TROUBLE = /Failed to load resource|net::ERR_/;

export const test = base.extend<Fixtures, { shops: Shops }>({
  // No page may throw, panic, or find that it was rendered otherwise by the server.
  page: async ({ page, context }, use) => {
    if (SLOWER > 1) await (await context.newCDPSession(page)).send("Emulation.setCPUThrottlingRate", { rate: SLOWER });
    const faults: string[] = [];
    page.on("pageerror", (error) => faults.push(String(error)));
    page.on("console", (message) => {
      if (message.type() === "error" && !NETWORK_TROUBLE.test(message.text())) faults.push(message.text());
    });
    await use(page);
    expect(faults, "errors in the browser's console").toEqual([]);
  },
  shops: [
    async ({}, use) => {
      const folder = fs.mkdtempSync(path.join(os.tmpdir(), "longshore-shops-"));
      const shop = (name: string, orders: number) => Shop.make(path.join(folder, name), orders);
      await use({ large: shop("large", MANY), small: shop("small", FEW) });
      fs.rmSync(folder, { recursive: true });
    },
    { scope: "worker" },
  ],
  folder: async ({}, use) => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "longshore-test-"));
    await use(folder);
    fs.rmSync(folder, { recursive: true });
  },
  shop: async ({ shops, folder }, use) => {
    await use(shops.small.copyTo(path.join(folder, "shop")));
  },
  slowShop: async ({ shops, folder }, use) => {
    await use(SlowShop.of(shops.small.copyTo(path.join(folder, "slow-shop"))));
  },
  // Playwright ends fixtures in the reverse order, so the servers end before their folder goes.
  servers: async ({ folder }, use, testInfo) => {
    void folder;
    const servers: Server[] = [];
    await use(servers);
    for (const [index, server] of servers.entries()) {
      await server.kill();
      if (testInfo.status !== testInfo.expectedStatus) {
        await testInfo.attach(`server-${index + 1}.log`, { body: server.log, contentType: "text/plain" });
        fs.writeFileSync(testInfo.outputPath(`server-${index + 1}.log`), server.log);
      }
      expect.soft(server.log, "requests that ended in a panic").not.toContain("a handler panicked");
    }
  },
  serve: async ({ shops, folder, servers }, use) => {
    await use(async (options = {}) => {
      const dataDir = path.join(folder, `data-${servers.length + 1}`);
      const settings = { ...SETTINGS, ...options.settings };
      const server = await Server.start({ config: shops.small.config, dataDir, ...options, settings });
      servers.push(server);
      return server;
    });
  },
  restart: async ({ servers }, use) => {
    await use(async (server, settings) => {
      const next = await server.restart(settings);
      servers.push(next);
      return next;
    });
  },
});

export { expect } from "@playwright/test";
