import fs from "node:fs";
import path from "node:path";

import { expect } from "@playwright/test";

import type { Chance } from "./chance";
import { type Json, Person } from "./person";
import type { Server } from "./server";

/** How long a step may take, with the leases of the lost workers. */
const WITHIN_MS = 90_000;
/** The longest time between the moment that was waited for and the kill. */
const LATER_MS = 300;

/** Two processes that serve and work on one Redis, one database and one folder of files, and somebody who calls either. */
export class Pair {
  private constructor(
    private readonly servers: [Server, Server],
    private readonly people: [Person, Person],
    private readonly restart: (server: Server) => Promise<Server>,
    readonly chance: Chance,
  ) {}

  static async of(servers: [Server, Server], restart: (server: Server) => Promise<Server>, chance: Chance): Promise<Pair> {
    const first = await Person.at(servers[0].url);
    return new Pair(servers, [first, new Person(first.http, servers[1].url)], restart, chance);
  }

  get person(): Person {
    return this.people[this.chance.below(2)];
  }

  /** Files that a task has made so far in the folder of that name below its own. */
  made(task: string, folder: string): number {
    const place = path.join(this.servers[0].options.dataDir, "files", "imports-work", task, folder);
    return fs.existsSync(place) ? fs.readdirSync(place).length : 0;
  }

  /** Kills one of the two, or both, and starts them again. */
  async kill(): Promise<void> {
    const victims = [[0], [1], [0, 1]][this.chance.below(3)];
    for (const victim of victims) await this.servers[victim].kill();
    for (const victim of victims) this.servers[victim] = await this.restart(this.servers[victim]);
  }

  /** Kills a random moment after something has come, or the task has ended. */
  async killAfter(task: string, hasCome: () => boolean | Promise<boolean>): Promise<void> {
    const come = async () => (await hasCome()) || (await this.hasEnded(task));
    await expect.poll(come, { timeout: WITHIN_MS, intervals: [5] }).toBe(true);
    // The moment is the fault, and nothing waits for it.
    await new Promise((resolve) => setTimeout(resolve, this.chance.below(LATER_MS)));
    await this.kill();
  }

  private async hasEnded(task: string): Promise<boolean> {
    return !["queued", "running", "cancelling"].includes(await this.person.phase(task));
  }

  /** Waits until the task has ended so; gives what is told of it. */
  async ends(task: string, phase = "succeeded"): Promise<Json> {
    await expect.poll(() => this.hasEnded(task), { timeout: WITHIN_MS, intervals: [50] }).toBe(true);
    const { task: view } = await this.person.status(task);
    expect(view.phase, JSON.stringify(view.failure)).toBe(phase);
    return view;
  }
}
