import http from "node:http";

import { expect, test } from "./support/fixtures";

/** How many ask at once; more than the server has threads, so that they take turns within a page. */
const AT_ONCE = 16;
/** How often each page is asked for. */
const TIMES = 400;
/** Every third goes away again while the page is being rendered. */
const IMPATIENT = 3;

/** What is left of a page: its status and text, or nothing if the caller went away. */
interface Answer {
  status: number;
  text: string;
}

function ask(url: string, patience: number | undefined): Promise<Answer | undefined> {
  return new Promise((resolve, reject) => {
    let gone = false;
    const request = http.get(url, { agent: false, headers: { accept: "text/html" } }, (response) => {
      const parts: Buffer[] = [];
      response.on("data", (part: Buffer) => parts.push(part));
      response.on("error", (error) => (gone ? resolve(undefined) : reject(error)));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(parts).toString() }));
    });
    request.on("error", (error) => (gone ? resolve(undefined) : reject(error)));
    if (patience !== undefined) {
      setTimeout(() => {
        gone = true;
        request.destroy();
        resolve(undefined);
      }, patience);
    }
  });
}

for (const [path, status] of [
  ["/", 200],
  ["/d/orders", 200],
  ["/d/orders?page=3", 200],
  ["/d/orders/import", 200],
  ["/tasks", 200],
  ["/d/nothing", 404],
] as const) {
  test(`${path} is whole however many ask for it at once, and whoever goes away meanwhile`, async ({ serve }) => {
    const server = await serve();
    const broken: string[] = [];
    let whole = 0;
    let next = 0;
    const caller = async () => {
      while (next < TIMES) {
        const nth = next++;
        const answer = await ask(server.url + path, nth % IMPATIENT === 0 ? nth % 10 : undefined);
        if (!answer) continue;
        // The data for the browser follows the page.
        const isWhole = /<title>[^<]+<\/title>[^]*<\/html>[^]*<\/script>$/.test(answer.text);
        if (answer.status === status && isWhole) whole += 1;
        else broken.push(`${nth}: ${answer.status} ${answer.text.slice(0, 200)}`);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, caller));
    expect(broken).toEqual([]);
    expect(whole, "those that waited").toBeGreaterThanOrEqual(Math.floor((TIMES * (IMPATIENT - 1)) / IMPATIENT));
  });
}
