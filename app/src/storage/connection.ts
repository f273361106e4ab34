import { openDB, type DBSchema, type IDBPDatabase } from 'idb';

/**
 * Connection to a database that the browser may break off, as it does when it deletes the data of
 * a site. Whoever comes next opens it anew and sees what is left.
 */
export class Connection<Schema> {
  #opening: Promise<IDBPDatabase<Schema>> | undefined;

  /** `open` opens the database, and calls `onLost` when the connection has ended. */
  constructor(private readonly open: (onLost: () => void) => Promise<IDBPDatabase<Schema>>) {}

  /** Returns the open database. */
  database(): Promise<IDBPDatabase<Schema>> {
    const forget = () => {
      if (this.#opening === opening) this.#opening = undefined;
    };
    const opening = (this.#opening ??= this.open(() => forget()));
    opening.catch(forget);
    return opening;
  }

  /** Ends the connection, if there is one. */
  async close(): Promise<void> {
    const opening = this.#opening;
    this.#opening = undefined;
    (await opening)?.close();
  }
}

/** Makes the connection to a database that has had one version, with the tables that `create` makes. */
export function connectionTo<Schema extends DBSchema>(
  name: string,
  create: (tables: IDBPDatabase<Schema>) => void,
): Connection<Schema> {
  return new Connection<Schema>((onLost) =>
    openDB<Schema>(name, 1, { upgrade: (tables) => create(tables), terminated: onLost }),
  );
}
