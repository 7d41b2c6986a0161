import net from "node:net";

/** The way to a database server. While it is shut, it is as if the server were down: connections end, and new ones are refused. */
export class Gate {
  private readonly sockets = new Set<net.Socket>();
  private readonly listener: net.Server;
  private port = 0;
  private bytesLeft = Infinity;
  private hasShut = () => {};

  private constructor(private readonly server: URL) {
    this.listener = net.createServer((client) => this.pass(client));
  }

  /** Opens a way to the server of an address. */
  static async before(url: string): Promise<Gate> {
    const gate = new Gate(new URL(url));
    await gate.open();
    gate.port = (gate.listener.address() as net.AddressInfo).port;
    return gate;
  }

  /** The address by way of here. */
  get url(): string {
    const url = new URL(this.server);
    url.hostname = "127.0.0.1";
    url.port = String(this.port);
    return url.href;
  }

  async open(): Promise<void> {
    this.bytesLeft = Infinity;
    await new Promise<void>((resolve, reject) => {
      this.listener.once("error", reject);
      this.listener.listen(this.port, "127.0.0.1", resolve);
    });
  }

  /** Shuts once so many bytes more have come for the server; resolves when that has happened. */
  shutAfter(bytes: number): Promise<void> {
    this.bytesLeft = bytes;
    return new Promise((resolve) => (this.hasShut = resolve));
  }

  shut(): void {
    this.listener.close();
    for (const socket of this.sockets) socket.destroy();
    this.hasShut();
  }

  private pass(client: net.Socket): void {
    const server = net.connect(Number(this.server.port), this.server.hostname);
    for (const [from, to] of [
      [client, server],
      [server, client],
    ]) {
      this.sockets.add(from);
      from.pipe(to);
      from.on("error", () => to.destroy());
      from.on("close", () => {
        this.sockets.delete(from);
        to.destroy();
      });
    }
    client.on("data", (data) => {
      this.bytesLeft -= data.length;
      if (this.bytesLeft <= 0) {
        this.bytesLeft = Infinity;
        this.shut();
      }
    });
  }
}
