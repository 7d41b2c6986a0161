import net from "node:net";

export type Reply = string | number | null | Reply[];

/** What of the bytes is a whole reply, and the rest; undefined while more must come (RESP2). */
function parse(bytes: Buffer): [Reply | Error, Buffer] | undefined {
  const end = bytes.indexOf("\r\n");
  if (end < 0) return undefined;
  const line = bytes.toString("utf8", 1, end);
  let rest = bytes.subarray(end + 2);
  switch (String.fromCharCode(bytes[0])) {
    case "+":
      return [line, rest];
    case "-":
      return [new Error(line), rest];
    case ":":
      return [Number(line), rest];
    case "$": {
      const length = Number(line);
      if (length < 0) return [null, rest];
      if (rest.length < length + 2) return undefined;
      return [rest.toString("utf8", 0, length), rest.subarray(length + 2)];
    }
    default: {
      const items: Reply[] = [];
      for (let count = Number(line); count > 0; count -= 1) {
        const item = parse(rest);
        if (!item || item[0] instanceof Error) return item;
        items.push(item[0]);
        rest = item[1];
      }
      return [items, rest];
    }
  }
}

/** As much of a Redis client as looking at keys takes. */
export class Redis {
  private constructor(private readonly socket: net.Socket) {}

  static async connect(address: string): Promise<Redis> {
    const { hostname, port, pathname, password } = new URL(address);
    const socket = net.connect(Number(port || 6379), hostname);
    await new Promise((resolve, reject) => socket.once("connect", resolve).once("error", reject));
    const redis = new Redis(socket);
    if (password) await redis.command("AUTH", decodeURIComponent(password));
    await redis.command("SELECT", pathname.slice(1) || "0");
    return redis;
  }

  /** One command at a time. */
  async command(...words: string[]): Promise<Reply> {
    const parts = words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`);
    this.socket.write(`*${words.length}\r\n${parts.join("")}`);
    let bytes = Buffer.alloc(0);
    return new Promise((resolve, reject) => {
      const listen = (data: Buffer) => {
        bytes = Buffer.concat([bytes, data]);
        const reply = parse(bytes);
        if (!reply) return;
        this.socket.off("data", listen).off("error", reject);
        if (reply[0] instanceof Error) reject(reply[0]);
        else resolve(reply[0]);
      };
      this.socket.on("data", listen);
      this.socket.once("error", reject);
    });
  }

  /** The keys of Longshore that match, below its prefix and shard. */
  async keys(pattern: string): Promise<string[]> {
    return (await this.command("KEYS", `longshore:*:${pattern}`)) as string[];
  }

  async hash(key: string): Promise<Record<string, string>> {
    const flat = (await this.command("HGETALL", key)) as string[];
    return Object.fromEntries(flat.flatMap((name, index) => (index % 2 ? [] : [[name, flat[index + 1]]])));
  }

  /** Removes every key of Longshore in this database, and no other. */
  async clear(): Promise<void> {
    for (const key of (await this.command("KEYS", "longshore:*")) as string[]) await this.command("DEL", key);
  }

  close(): void {
    this.socket.destroy();
  }
}
