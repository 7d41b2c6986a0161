import fs from "node:fs";
import path from "node:path";

import { postgresUrl, python } from "./programs";

/** A row in so many makes the database wait for a moment. */
const EVERY = 20;
const WAIT_SECONDS = 0.001;

/** A PostgreSQL database with a table `numbers` that is read row by row at a pace which hangs little on the machine: it waits, and does not work. */
export class PacedDatabase {
  private constructor(
    private readonly name: string,
    readonly config: string,
  ) {}

  static make(folder: string, rows: number): PacedDatabase {
    const name = `longshore_paced_${process.pid}_${Math.random().toString(36).slice(2)}`;
    const url = python("postgres.py", ["make", postgresUrl(), name]);
    // As it stands there, `note` is waited for only where it is asked for, and so not where rows are counted.
    const sql = `
      CREATE TABLE rows (id integer PRIMARY KEY);
      INSERT INTO rows SELECT generate_series(1, ${rows});
      ANALYZE rows;
      CREATE FUNCTION note_of(id integer) RETURNS text STABLE LANGUAGE plpgsql AS $$
        BEGIN
          IF id % ${EVERY} = 0 THEN PERFORM pg_sleep(${WAIT_SECONDS}); END IF;
          RETURN 'note ' || id;
        END $$;
      CREATE VIEW numbers AS SELECT id, note_of(id) AS note FROM rows`;
    python("postgres.py", ["run", url], sql);
    const config = path.join(folder, "paced.toml");
    fs.writeFileSync(
      config,
      `[database.paced]
      url = "${url}"
      [dataset.numbers]
      database = "paced"
      table = "numbers"
      key = ["id"]
      label = { en = "Numbers", zh = "数字" }
      column = [{ name = "id", type = "integer" }, { name = "note", type = "text" }]`,
    );
    return new PacedDatabase(name, config);
  }

  drop(): void {
    python("postgres.py", ["drop", postgresUrl(), this.name]);
  }
}
