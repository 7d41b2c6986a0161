import { expect, type Download, type Locator, type Page } from "@playwright/test";

import { Drawer, type Format } from "./drawer";

/** How long a state may take to come that nothing holds up: the slowest poll is every 2 s at the start. */
const STATE_WITHIN_MS = 60_000;

/** The page of a dataset as a person uses it, for its export or its daily statistics. */
export class ListPage {
  readonly button: Locator;
  readonly panel: Locator;
  readonly cancel: Locator;
  readonly download: Locator;
  readonly bar: Locator;
  readonly drawer: Drawer;

  constructor(
    readonly page: Page,
    private readonly url: string,
    private readonly dataset = "orders",
    private readonly what: "export" | "statistics" = "export",
  ) {
    const isExport = what === "export";
    this.button = page.locator(`#${what}-button`);
    this.panel = page.locator(isExport ? "#task-panel" : "#statistics-panel");
    this.cancel = page.locator(isExport ? "#cancel-button" : "#statistics-cancel-button");
    this.download = page.locator(isExport ? "#download-link" : "#statistics-download-link");
    this.bar = this.panel.getByRole("progressbar");
    this.drawer = new Drawer(page);
  }

  /** Opens the page and waits until the server has said where the task stands. */
  async open(query = ""): Promise<void> {
    await this.page.goto(`${this.url}/d/${this.dataset}${query}`);
    await expect(this.panel).not.toHaveAttribute("data-phase", "unknown", { timeout: STATE_WITHIN_MS });
  }

  async reaches(phase: string | RegExp): Promise<void> {
    await expect(this.panel).toHaveAttribute("data-phase", phase, { timeout: STATE_WITHIN_MS });
  }

  async isGrey(): Promise<void> {
    await expect(this.button).toHaveAttribute("aria-disabled", "true");
  }

  async isClickable(): Promise<void> {
    await expect(this.button).toHaveAttribute("aria-disabled", "false");
  }

  /** Opens the drawer, unless it is open. */
  async openDrawer(): Promise<void> {
    if (await this.drawer.root.isVisible()) return;
    await this.isClickable();
    await this.button.click();
    await this.drawer.isOpen();
  }

  /** Chooses a format in the drawer, which stays open for the export. */
  async choose(format: Format): Promise<void> {
    await this.openDrawer();
    await this.drawer.format(format).check();
  }

  /** Asks for a task: an export as it is chosen in the drawer, or statistics. */
  async begin(): Promise<void> {
    if (this.what === "statistics") return this.button.click();
    await this.openDrawer();
    await this.drawer.confirm.click();
  }

  /** Starts a task and waits until it has begun. */
  async start(): Promise<void> {
    await this.isClickable();
    await this.begin();
    await this.reaches("running");
  }

  /** Starts a task and gives the file that the page downloads by itself at the end. */
  async exported(): Promise<Download> {
    if (!(await this.drawer.root.isVisible())) await this.isClickable();
    const download = this.page.waitForEvent("download", { timeout: STATE_WITHIN_MS });
    await this.begin();
    return download;
  }
}
