import { expect, type Locator, type Page } from "@playwright/test";

/** Formats as their radio buttons are valued. */
export type Format = "xlsx" | "csv" | "csv.gz" | "parquet";

/** The drawer in which an export is chosen. */
export class Drawer {
  readonly root: Locator;
  readonly confirm: Locator;
  readonly name: Locator;
  readonly nameProblem: Locator;

  constructor(readonly page: Page) {
    this.root = page.locator("#export-drawer");
    this.confirm = page.locator("#export-confirm");
    this.name = page.locator("#export-name");
    this.nameProblem = page.locator("#export-name-problem");
  }

  format(format: Format): Locator {
    return this.root.locator(`input[name="export-format"][value="${format}"]`);
  }

  /** A column's row by its label. */
  column(label: string): Locator {
    return this.root.locator(".column").filter({ has: this.page.getByRole("checkbox", { name: label, exact: true }) });
  }

  tick(label: string): Locator {
    return this.root.getByRole("checkbox", { name: label, exact: true });
  }

  /** The labels of all columns, in their order. */
  async order(): Promise<string[]> {
    return this.root.locator(".column__label").allInnerTexts();
  }

  async isOpen(): Promise<void> {
    await expect(this.root).toBeVisible();
    await expect(this.confirm).toBeFocused();
  }
}
