import { type APIRequestContext, type APIResponse, expect, request } from "@playwright/test";

export type Json = Record<string, any>;

/** How long an export may take that nothing holds up. */
const EXPORT_WITHIN_MS = 60_000;

/** Someone with a session who calls the server as any program could: POST and JSON. */
export class Person {
  constructor(
    readonly http: APIRequestContext,
    private readonly url: string,
  ) {}

  /** A newcomer, with a session of their own after the first call. */
  static async at(url: string, headers: Record<string, string> = {}): Promise<Person> {
    return new Person(await request.newContext({ extraHTTPHeaders: headers }), url);
  }

  async call(name: string, body: unknown = {}): Promise<APIResponse> {
    const data = typeof body === "string" ? Buffer.from(body) : (body as Json);
    return this.http.post(`${this.url}/api/${name}`, { data, headers: { "content-type": "application/json" } });
  }

  async get(path: string, headers: Record<string, string> = {}): Promise<APIResponse> {
    return this.http.get(this.url + path, { headers });
  }

  /** The answer of a call that must not be refused. */
  async ask(name: string, body: unknown = {}): Promise<any> {
    const response = await this.call(name, body);
    expect(response.status(), `${name}: ${await response.text()}`).toBe(200);
    return response.json();
  }

  /** Sends a file for an import. */
  async upload(dataset: string, name: string, data: Buffer): Promise<APIResponse> {
    return this.http.post(`${this.url}/upload/${dataset}?name=${encodeURIComponent(name)}`, { data });
  }

  /** Registers an export and gives the task's id. */
  async register(body: Json): Promise<string> {
    const answer = await this.ask("registerExportTask", body);
    expect(answer.registered).toBe(true);
    return answer.task.task.id;
  }

  async status(task: string): Promise<Json> {
    return this.ask("getTaskStatus", { task });
  }

  async phase(task: string): Promise<string> {
    return (await this.status(task)).task.phase;
  }

  /** Waits until the task stands there. */
  async reaches(task: string, phase: string): Promise<void> {
    await expect.poll(() => this.phase(task), { timeout: EXPORT_WITHIN_MS, intervals: [50, 100, 200] }).toBe(phase);
  }

  /** Waits until the task has succeeded; gives its status. */
  async finished(task: string): Promise<Json> {
    await this.reaches(task, "succeeded");
    return this.status(task);
  }

  async tasks(): Promise<Json[]> {
    return this.ask("listTasks");
  }

  /** Downloads the finished file of a task. */
  async download(task: string): Promise<Buffer> {
    const response = await this.get((await this.status(task)).url);
    expect(response.status()).toBe(200);
    return response.body();
  }
}
