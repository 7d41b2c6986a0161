import { expect, type Download, type Locator, type Page } from "@playwright/test";

/** How long a check or an import of a small file may take, and how seldom a page asks. */
const TASK_WITHIN_MS = 60_000;

/** The import of a dataset as a person goes through it. */
export class Wizard {
  readonly heading: Locator;
  readonly next: Locator;
  readonly uploadWords: Locator;
  readonly gaps: Locator;
  readonly counts: Locator;
  readonly planRows: Locator;
  readonly importButton: Locator;
  readonly report: Locator;
  readonly undo: Locator;

  constructor(
    readonly page: Page,
    private readonly url: string,
    private readonly dataset = "orders",
  ) {
    this.heading = page.locator("#page-title");
    this.next = page.locator("#next-button");
    this.uploadWords = page.locator("#upload-words");
    this.gaps = page.locator("#gaps");
    this.counts = page.locator("#plan-counts");
    this.planRows = page.locator("#plan-rows");
    this.importButton = page.locator("#import-button");
    this.report = page.locator("#import-report");
    this.undo = page.locator("#undo-button");
  }

  /** Opens the page and waits until it answers to the person. */
  async open(): Promise<void> {
    await this.page.goto(`${this.url}/d/${this.dataset}/import`);
    await this.isAlive();
  }

  async reload(): Promise<void> {
    await this.page.reload();
    await this.isAlive();
  }

  /** Clicks are heard only once the page's script runs. */
  private async isAlive(): Promise<void> {
    await expect(this.page.locator(".wizard[data-alive]")).toBeAttached();
  }

  async isAt(step: number): Promise<void> {
    await expect(this.heading).toHaveText(new RegExp(`^(Step ${step} of 5|第 ${step} 步)`), { timeout: TASK_WITHIN_MS });
    await expect(this.page.locator('.stepper [aria-current="step"] .stepper__mark')).toHaveText(String(step));
  }

  /** Chooses a file as the dialog of files does. */
  async choose(file: string): Promise<void> {
    await this.page.locator("#upload-input").setInputFiles(file);
  }

  /** Uploads a file that can be imported, and goes on to its fields. */
  async upload(file: string): Promise<void> {
    await this.choose(file);
    await this.isAt(2);
  }

  /** The select of a column of the file by its header. */
  field(header: string): Locator {
    return this.page.locator(".map-table tbody tr").filter({ has: this.page.locator(".map__header", { hasText: new RegExp(`^${header}$`) }) }).locator("select");
  }

  badge(header: string): Locator {
    return this.page.locator(".map-table tbody tr").filter({ has: this.page.locator(".map__header", { hasText: new RegExp(`^${header}$`) }) }).locator(".badge");
  }

  async mode(mode: "upsert" | "insert" | "update"): Promise<void> {
    await this.page.locator(`input[name="import-mode"][value="${mode}"]`).check();
  }

  /** From the fields through the check to the review. */
  async check(): Promise<void> {
    await this.next.click();
    await this.isAt(4);
  }

  /** A row of the table under the review, by its number in the file. */
  row(number: string): Locator {
    return this.planRows.locator("tbody tr").filter({ has: this.page.locator("td:first-child", { hasText: new RegExp(`^${number}$`) }) });
  }

  async show(what: "errors" | "updates" | "creates" | "all"): Promise<void> {
    await this.page.locator(`input[name="plan-show"][value="${what}"]`).check({ force: true });
  }

  /** From the review to the result. */
  async import(way: "valid_rows" | "all_or_nothing" = "valid_rows"): Promise<void> {
    await this.next.click();
    await this.isAt(5);
    await this.page.locator(`input[name="import-way"][value="${way}"]`).check();
    await this.importButton.click();
  }

  async ends(phase: string | RegExp = "ready", within = TASK_WITHIN_MS): Promise<void> {
    await expect(this.page.locator("#import-panel")).toHaveAttribute("data-phase", phase, { timeout: within });
  }

  /** Takes the import back and waits for the end. */
  async takeBack(within = TASK_WITHIN_MS): Promise<void> {
    await this.undo.click();
    await this.page.locator("#undo-button-yes").click();
    await expect(this.page.locator("#undo-panel")).toHaveAttribute("data-phase", "ready", { timeout: within });
  }

  /** Downloads the workbook of errors. */
  async errors(): Promise<Download> {
    const download = this.page.waitForEvent("download");
    await this.page.locator("#errors-link").click();
    return download;
  }
}
