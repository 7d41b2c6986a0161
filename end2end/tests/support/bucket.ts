import { createHash, createHmac } from "node:crypto";

/** Looks at a bucket of an S3 server as any client may: by signed requests of its own. */
export class Bucket {
  private readonly endpoint: URL;
  private readonly name: string;
  private readonly prefix: string;

  /** Of a setting files_url; what else is in the bucket is not looked at. */
  constructor(filesUrl: string) {
    const url = new URL(filesUrl);
    this.endpoint = new URL(url.searchParams.get("endpoint") ?? "");
    this.name = url.hostname;
    this.prefix = `${url.pathname.slice(1)}/`;
  }

  /** The keys of all files. */
  async files(): Promise<string[]> {
    return this.keys({ "list-type": "2" });
  }

  /** The keys of all uploads that are neither completed nor ended. */
  async uploads(): Promise<string[]> {
    return this.keys({ uploads: "" });
  }

  private async keys(question: Record<string, string>): Promise<string[]> {
    const [status, text] = await this.ask({ ...question, prefix: this.prefix });
    // So rclone's server answers for a bucket that has never had an upload.
    if (status === 404 && text.includes("NoSuchUpload")) return [];
    if (status !== 200) throw new Error(`the bucket answered ${status}: ${text}`);
    return [...text.matchAll(/<Key>([^<]*)<\/Key>/g)].map(([, key]) => key);
  }

  /** A GET, signed as <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html> says. */
  private async ask(parameters: Record<string, string>): Promise<[number, string]> {
    const { AWS_ACCESS_KEY_ID: key = "", AWS_SECRET_ACCESS_KEY: secret = "", AWS_REGION: region = "us-east-1" } = process.env;
    const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
    const hmac = (key: string | Buffer, text: string) => createHmac("sha256", key).update(text).digest();
    const time = new Date().toISOString().replace(/[-:]|\.\d{3}/g, "");
    const scope = [time.slice(0, 8), region, "s3", "aws4_request"];
    const query = Object.entries(parameters)
      .map((pair) => pair.map(encodeURIComponent).join("="))
      .sort()
      .join("&");
    const headers = { host: this.endpoint.host, "x-amz-content-sha256": sha256(""), "x-amz-date": time };
    const names = Object.keys(headers).join(";");
    const lines = Object.entries(headers).map(([name, value]) => `${name}:${value}\n`);
    const request = ["GET", `/${this.name}`, query, lines.join(""), names, sha256("")].join("\n");
    const toSign = ["AWS4-HMAC-SHA256", time, scope.join("/"), sha256(request)].join("\n");
    const signature = hmac(scope.reduce<string | Buffer>(hmac, `AWS4${secret}`), toSign).toString("hex");
    const authorization = `AWS4-HMAC-SHA256 Credential=${key}/${scope.join("/")}, SignedHeaders=${names}, Signature=${signature}`;
    const answer = await fetch(`${this.endpoint.origin}/${this.name}?${query}`, { headers: { ...headers, authorization } });
    return [answer.status, await answer.text()];
  }
}
