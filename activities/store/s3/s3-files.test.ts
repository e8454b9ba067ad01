import { createHash, randomBytes, randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { ListMultipartUploadsCommand, ListObjectsV2Command } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { DnoError } from "../../../core/errors.ts";
import { type Fault, type FaultProxy, startFaultProxy } from "../../../test/s3/fault-proxy.ts";
import { startS3Server, useS3 } from "../../../test/s3/s3-server.ts";
import { temporaryFolder } from "../../../test/temporary-folder.ts";
import { createStore } from "../artifact-store.ts";
import { storeNames } from "../layout.ts";
import { WrongHash } from "../store-files.ts";
import { s3Client } from "./client.ts";
import { createS3Files, type S3Options } from "./s3-files.ts";

const server = await startS3Server();
if (server !== undefined) useS3(server);
afterAll(() => server?.stop());

const lineage = { step: "test", inputs: {} };
const sha = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

describe.skipIf(server === undefined)("a store on S3 behind a network that fails", () => {
	const { bucket, endpoint } = server ?? { bucket: "", endpoint: "" };
	let proxy: FaultProxy;
	let prefix: string;
	let dir: string;
	beforeAll(async () => {
		proxy = await startFaultProxy(endpoint);
		process.env.AWS_ENDPOINT_URL_S3 = proxy.endpoint;
	});
	afterAll(() => proxy.stop());
	beforeEach(() => {
		prefix = randomUUID();
		dir = temporaryFolder();
		proxy.fault = () => undefined;
		proxy.seen.length = 0;
	});
	/** Of another machine each time, with nothing in its cache. */
	const open = (query = "", options: Partial<S3Options> = {}) =>
		createS3Files(`s3://${bucket}/${prefix}${query}`, {
			cache: { folder: temporaryFolder(), bytes: 1e9 },
			...options,
		});
	const openStore = (query?: string, options?: Partial<S3Options>) => createStore(open(query, options));
	/** So short only where nothing comes: on a machine under load, an answer may take as long. */
	const patience = ({ kind }: Fault) => (kind === "stall" ? { idleMs: 700 } : {});
	const conditions = (fits: (request: { method: string; url: string }) => boolean) =>
		proxy.seen.filter(fits).map(({ headers }) => headers["if-none-match"]);

	/** Lets each request that fits fail so often. */
	function fail(
		times: number,
		fits: (request: { method: string; url: string }) => boolean,
		fault: Fault,
	): () => number {
		let count = 0;
		proxy.fault = (request) => (fits(request) && count < times && ++count ? fault : undefined);
		return () => count;
	}
	const isObject = (method: string) => (request: { method: string; url: string }) =>
		request.method === method && /\/objects\/..\/[0-9a-f]{64}(\?|$)/.test(request.url);
	const errorOf = async (work: Promise<unknown>): Promise<DnoError> => {
		const error = await work.then(
			() => undefined,
			(error: unknown) => error,
		);
		expect(error).toBeInstanceOf(DnoError);
		return error as DnoError;
	};
	const BYTES = randomBytes(300_000);

	test.each<[string, Fault]>([
		["are answered 503", { kind: "status", status: 503, code: "SlowDown" }],
		["are answered 500", { kind: "status", status: 500, code: "InternalError" }],
		["are cut while they are sent", { kind: "cut-request", after: 100_000 }],
		["are done, and their answer is lost", { kind: "cut-response", after: 0 }],
		["are done, and their answer does not come", { kind: "stall", after: 0 }],
	])("two writes of an object that %s: it is stored once, and right", async (_, fault) => {
		const failed = fail(2, isObject("PUT"), fault);
		const ref = await openStore("", patience(fault)).put(BYTES, lineage);
		expect(failed()).toBe(2);
		// Nothing is written without the condition: what a try whose answer was lost has written refuses the others, and counts.
		expect(new Set(conditions(isObject("PUT")))).toEqual(new Set(["*"]));
		const statuses = proxy.seen.filter(isObject("PUT")).map(({ status }) => status);
		// The client's patience may end once more than the answers are held back.
		if (fault.kind !== "stall")
			expect(statuses).toEqual(fault.kind === "cut-response" ? [200, 412, 412] : [undefined, undefined, 200]);
		expect(Buffer.from(await openStore().get(ref)).equals(BYTES)).toBe(true);
	});

	test.each<[string, Fault]>([
		["cut at its beginning", { kind: "cut-response", after: 0 }],
		["cut in the middle", { kind: "cut-response", after: 100_000 }],
		["slow, and then silent", { kind: "stall", after: 100_000 }],
		["answered 503", { kind: "status", status: 503, code: "SlowDown" }],
	])("a read that is %s, twice: the bytes are right, and none is asked for again", async (_, fault) => {
		const ref = await openStore().put(BYTES, lineage);
		const failed = fail(2, isObject("GET"), fault);
		expect(Buffer.from(await openStore("", patience(fault)).get(ref)).equals(BYTES)).toBe(true);
		expect(failed()).toBe(2);
		const ranges = proxy.seen.filter(isObject("GET")).map(({ headers }) => headers.range);
		const isMiddle = "after" in fault && fault.after > 0;
		expect(ranges).toEqual([undefined, ...(isMiddle ? ["bytes=100000-", "bytes=200000-"] : [undefined, undefined])]);
	});

	test.each<[string, string, string]>([
		["PUT", "partNumber=2", "a part is cut while it is sent"],
		["POST", "uploadId=", "the parts are put together, and the answer is lost"],
	])("large weights of which %s %s, i.e. %s: they arrive whole", async (method, query) => {
		const bytes = randomBytes(36_000_000);
		const path = join(dir, "weights");
		writeFileSync(path, bytes);
		const fault: Fault =
			method === "PUT" ? { kind: "cut-request", after: 1_000_000 } : { kind: "cut-response", after: 0 };
		const failed = fail(1, (request) => request.method === method && request.url.includes(query), fault);
		const told: number[] = [];
		const ref = await openStore("", { onUpload: ({ done, total }) => told.push(done / total) }).putFile(path, lineage);
		expect(failed()).toBe(1);
		// Where the parts are put together, which is tried again where its answer is lost.
		const puts = conditions((request) => request.method === "POST" && request.url.includes("uploadId="));
		expect(puts.length).toBeGreaterThanOrEqual(method === "POST" ? 2 : 1);
		expect(new Set(puts)).toEqual(new Set(["*"]));
		expect(told.at(-1)).toBe(1);
		expect(told).toEqual(told.toSorted((a, b) => a - b));
		const out = join(dir, "out");
		await openStore().exportTo(ref, out);
		expect(sha(readFileSync(out))).toBe(ref.sha256);
	});

	describe("where another writer is in the way, which S3 answers with 409", () => {
		const CONFLICT: Fault = { kind: "status", status: 409, code: "ConditionalRequestConflict" };

		test("a file is written when it is tried again, and is not taken for written before", async () => {
			const isFile = ({ method, url }: { method: string; url: string }) => method === "PUT" && /\/a\/file/.test(url);
			const failed = fail(1, isFile, CONFLICT);
			expect(await open().writeFirst("a/file", "first")).toBe(true);
			expect(failed()).toBe(1);
			expect(conditions(isFile)).toEqual(["*", "*"]);
			expect(await open().writeFirst("a/file", "second")).toBe(false);
			expect(String(await open().read("a/file"))).toBe("first");
			fail(1, isFile, CONFLICT);
			await open().write("a/file", "third");
			expect(String(await open().read("a/file"))).toBe("third");
		});

		test("an object is stored, also one in parts", async () => {
			const failed = fail(1, isObject("PUT"), CONFLICT);
			const ref = await openStore().put(BYTES, lineage);
			expect(failed()).toBe(1);
			expect(conditions(isObject("PUT"))).toEqual(["*", "*"]);
			expect(Buffer.from(await openStore().get(ref)).equals(BYTES)).toBe(true);
			const bytes = randomBytes(17_000_000);
			writeFileSync(join(dir, "weights"), bytes);
			const isEnd = ({ method, url }: { method: string; url: string }) =>
				method === "POST" && url.includes("uploadId=");
			const ended = fail(1, isEnd, CONFLICT);
			const weights = await openStore().putFile(join(dir, "weights"), lineage);
			expect(ended()).toBe(1);
			expect(conditions(isEnd)).toEqual(["*", "*"]);
			await openStore().exportTo(weights, join(dir, "out"));
			expect(sha(readFileSync(join(dir, "out")))).toBe(weights.sha256);
		});

		test("always, it is one error that can be retried, after a bounded number of tries", async () => {
			const failed = fail(Number.POSITIVE_INFINITY, ({ method }) => method === "PUT", CONFLICT);
			for (const write of [() => open().writeFirst("x", "y"), () => open().write("x", "y")]) {
				const error = await errorOf(write());
				expect(error.message).toContain(`s3://${bucket}/${prefix}/x: other writers of the same object are in the way`);
				expect(error.isRetryable).toBe(true);
			}
			expect(failed()).toBe(10);
		});
	});

	test("a file that S3 refuses to replace is an error, not a file that was written", async () => {
		fail(1, ({ method }) => method === "PUT", { kind: "status", status: 412, code: "PreconditionFailed" });
		expect((await errorOf(open().write("x", "y"))).message).toContain("S3 refuses the request (PreconditionFailed)");
	});

	test("a download that never gets through is one clear error, and leaves nothing half-written", async () => {
		const ref = await openStore().put(BYTES, lineage);
		fail(Number.POSITIVE_INFINITY, isObject("GET"), { kind: "cut-response", after: 0 });
		const error = await errorOf(openStore().exportTo(ref, join(dir, "out")));
		expect(error.message).toContain(`s3://${bucket}/${prefix}/objects/`);
		expect(error.message).toContain("the connection to S3 was cut");
		expect(error.isRetryable).toBe(true);
		expect(readdirSync(dir)).toEqual([]);
		expect(proxy.seen.filter(isObject("GET")).length).toBeLessThanOrEqual(5);
	});

	test("a server that only fails is asked a bounded number of times", async () => {
		fail(Number.POSITIVE_INFINITY, () => true, { kind: "status", status: 503, code: "SlowDown" });
		const error = await errorOf(openStore().put("rows", lineage));
		expect(error.message).toContain("S3 answers 503");
		expect(error.isRetryable).toBe(true);
		expect(proxy.seen.length).toBe(5);
	});

	test("errors say what is wrong and how to mend it", async () => {
		const put = async (address = `s3://${bucket}/${prefix}`) =>
			(await errorOf(createStore(createS3Files(address, { cache: { folder: dir, bytes: 0 } })).put("x", lineage)))
				.message;
		expect(await put("s3://no-such-bucket/x")).toContain(
			'there is no such bucket. got "The specified bucket does not exist.". Create it',
		);
		proxy.fault = () => ({ kind: "status", status: 403, code: "AccessDenied" });
		expect(await put()).toContain("access is denied");
		proxy.fault = () => undefined;
		vi.stubEnv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:1");
		expect(await put()).toContain("S3 cannot be reached");
		vi.unstubAllEnvs();
	});

	test("credentials that are wrong, or that are not there, are errors of their own", async () => {
		// Another address of the same proxy, since the process's client keeps its credentials.
		const { port } = new URL(proxy.endpoint);
		vi.stubEnv("AWS_SECRET_ACCESS_KEY", "another");
		vi.stubEnv("AWS_ENDPOINT_URL_S3", `http://localhost:${port}`);
		expect((await errorOf(open().write("x", "y"))).message).toContain("S3 does not take the AWS credentials");
		for (const key of ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"]) vi.stubEnv(key, undefined);
		vi.stubEnv("AWS_EC2_METADATA_DISABLED", "true");
		vi.stubEnv("AWS_SHARED_CREDENTIALS_FILE", join(dir, "none"));
		vi.stubEnv("AWS_CONFIG_FILE", join(dir, "none"));
		vi.stubEnv("AWS_ENDPOINT_URL_S3", `http://localhost:${port}/`);
		expect((await errorOf(open().write("x", "y"))).message).toContain("there are no AWS credentials");
		vi.unstubAllEnvs();
	});

	test("a role's credentials that do not come just now are asked for again: the error can be retried", async () => {
		let isAway = true;
		const metadata = createServer((request, response) => {
			const path = request.url ?? "";
			const { AWS_ACCESS_KEY_ID: AccessKeyId, AWS_SECRET_ACCESS_KEY: SecretAccessKey } = server!.env;
			const Expiration = new Date(Date.now() + 3_600_000).toISOString();
			// The tests' server takes no session tokens, and an empty one is not sent.
			const role = { Code: "Success", AccessKeyId, SecretAccessKey, Token: "", Expiration };
			if (isAway) response.writeHead(500).end();
			else if (path.endsWith("/token")) response.end("token");
			else response.end(path.endsWith("/role") ? JSON.stringify(role) : "role");
		}).listen(0, "127.0.0.1");
		await once(metadata, "listening");
		const { port } = metadata.address() as AddressInfo;
		for (const key of ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"]) vi.stubEnv(key, undefined);
		vi.stubEnv("AWS_EC2_METADATA_SERVICE_ENDPOINT", `http://127.0.0.1:${port}`);
		for (const key of ["AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"]) vi.stubEnv(key, join(dir, "none"));
		// A client of its own, which has no credentials yet.
		const files = createS3Files(`s3://${bucket}/${prefix}`, { cache: { folder: dir, bytes: 0 }, idleMs: 20_001 });
		const error = await errorOf(files.write("x", "y"));
		expect(error.message).toContain("there are no AWS credentials");
		expect(error.isRetryable).toBe(true);
		isAway = false;
		await files.write("x", "y");
		expect(await files.read("x")).toEqual(Buffer.from("y"));
		vi.unstubAllEnvs();
		metadata.close();
	});

	test("a file that changes while it goes up is not stored, and its parts are given up", async () => {
		const path = join(dir, "weights");
		writeFileSync(path, randomBytes(36_000_000));
		const claimed = sha(Buffer.from("others"));
		await expect(open().keepObject(claimed, { file: path })).rejects.toBeInstanceOf(WrongHash);
		expect(await open().stat(storeNames.object(claimed))).toBeUndefined();
		const client = await s3Client();
		const { Uploads } = await client.send(new ListMultipartUploadsCommand({ Bucket: bucket, Prefix: prefix }));
		expect(Uploads ?? []).toEqual([]);
	});

	test("all keys are below the prefix, and what is written names the KMS key", async () => {
		const store = openStore("?kmsKeyId=alias/dno");
		const path = join(dir, "weights");
		writeFileSync(path, randomBytes(17_000_000));
		await store.put("rows", lineage);
		await store.putFile(path, lineage);
		await store.recordStep("ab", { name: "x", inputs: {}, result: 1 });
		for (const { method, url, headers } of proxy.seen) {
			expect(decodeURIComponent(url)).toMatch(new RegExp(`^/${bucket}(/${prefix}/|/?\\?.*prefix=${prefix}/)`));
			if (method === "GET" || method === "HEAD" || /partNumber=|uploadId=/.test(url)) continue;
			expect(headers["x-amz-server-side-encryption"]).toBe("aws:kms");
			expect(headers["x-amz-server-side-encryption-aws-kms-key-id"]).toBe("alias/dno");
		}
		proxy.seen.length = 0;
		await openStore().put("others", lineage);
		for (const { headers } of proxy.seen) expect(headers["x-amz-server-side-encryption"]).toBeUndefined();
	});

	test("an object that was read or made here is not asked for again, also by other processes", async () => {
		const cache = { folder: temporaryFolder(), bytes: 1e9 };
		const here = () => createStore(createS3Files(`s3://${bucket}/${prefix}`, { cache }));
		const made = await here().put("made", lineage);
		const read = await openStore().put("read", lineage);
		for (let i = 0; i < 3; i++)
			for (const ref of [made, read]) {
				await here().get(ref);
				await here().exportTo(ref, join(dir, ref.sha256));
			}
		expect(proxy.seen.filter(isObject("GET"))).toHaveLength(1);
		// A damaged file of the cache is no damaged artifact.
		writeFileSync(join(cache.folder, read.sha256.slice(0, 2), read.sha256), "rots");
		await here().exportTo(read, join(dir, "again"));
		expect(readFileSync(join(dir, "again"), "utf8")).toBe("read");
		expect(String(await here().get(read))).toBe("read");
	});

	test("a listing goes on where its page ends", async () => {
		const names = Array.from({ length: 1_005 }, (_, i) => `many/${String(i).padStart(5, "0")}`);
		// Much faster than as many requests.
		mkdirSync(join(server!.folder, prefix, "many"), { recursive: true });
		for (const name of names) writeFileSync(join(server!.folder, prefix, name), "x");
		const listed: string[] = [];
		for await (const { name } of open().list("many")) listed.push(name);
		expect(listed).toEqual(names);
		const client = await s3Client();
		const page = await client.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: `${prefix}/many/` }));
		expect(page.IsTruncated).toBe(true);
	});
});
