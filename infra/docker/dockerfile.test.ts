import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { findHadolint } from "./find-hadolint.ts";
import { copiesOf, DOCKERFILE, execForm, healthCheck, readStages, type Stage } from "./read-dockerfile.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const manifest = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
const stages = await readStages();
const images = ["worker", "gpu"].map((name) => stages.get(name)!);
const has = (stage: Stage, name: string, text: string | RegExp) =>
	expect(stage.instructions).toContainEqual({
		name,
		text: typeof text === "string" ? text : expect.stringMatching(text),
	});

test("every base is of an exact version, Node's the one that the project pins", () => {
	for (const { image } of stages.values())
		expect(image).toMatch(/^[\w./-]+:\d+\.\d+\.\d+[\w.-]*(@sha256:[0-9a-f]{64})?$/);
	const node = [...stages.values()].filter(({ image }) => image.startsWith("node:"));
	expect(node.map(({ image }) => image)).toEqual(node.map(() => `node:${manifest.devDependencies.node}-bookworm-slim`));
	expect(stages.get("gpu")!.image).toMatch(/^nvidia\/cuda:13\..*-cudnn-runtime-.*@sha256:/);
});

test("the CUDA provider is of onnxruntime-node's version, and fetched by its hash", () => {
	const wheel = readFileSync(new URL("onnxruntime-cuda.txt", import.meta.url), "utf8");
	const version = manifest.dependencies["onnxruntime-node"].replaceAll(".", "\\.");
	expect(wheel).toMatch(new RegExp(`^onnxruntime-gpu==${version} --hash=sha256:[0-9a-f]{64}\n$`));
	has(stages.get("cuda")!, "RUN", /--require-hashes --requirement onnxruntime-cuda\.txt/);
});

test.each(images)("$name runs as nobody in particular, ends at SIGTERM and says whether it is well", (stage) => {
	has(stage, "USER", "10001");
	has(stage, "STOPSIGNAL", "SIGTERM");
	has(stage, "ENV", "NODE_ENV=production");
	// In exec form: a shell would not pass the signal on.
	expect(execForm(stage, "ENTRYPOINT")).toEqual(["node", "/app/cli/main.js"]);
	expect(execForm(stage, "CMD").slice(0, 2)).toEqual(["worker", stage.name === "gpu" ? "gpu" : "control"]);
	expect(healthCheck(stage)).toEqual(["node", "/app/cli/main.js", "worker", "health", "--workspace", "/work"]);
	const order = stage.instructions.map(({ name }) => name);
	expect(order.lastIndexOf("RUN")).toBeLessThan(order.indexOf("USER"));
});

test("what is copied is there: from the repository, and from stages that came before", () => {
	const sent = readFileSync(join(ROOT, ".dockerignore"), "utf8").split("\n");
	const seen: string[] = [];
	for (const stage of stages.values()) {
		for (const { from, sources } of copiesOf(stage)) {
			if (from !== undefined) expect(seen).toContain(from);
			else if (sources.join() !== ".")
				for (const source of sources) {
					expect(existsSync(join(ROOT, source)), source).toBe(true);
					expect(sent, source).toContain(`!${source.split("/")[0]}`);
				}
		}
		seen.push(stage.name);
	}
	// No key, history, campaign or dependency of the developer's machine gets into an image.
	expect(sent).toContain("*");
	for (const kept of [".git", ".env", "runs", "node_modules", ".cache"]) expect(sent).not.toContain(`!${kept}`);
});

const hadolint = await findHadolint();
if (hadolint === undefined)
	console.warn("SKIPPED: hadolint on the Dockerfile; it is not here, node infra/docker/check.ts installs it");

test.skipIf(hadolint === undefined)("hadolint finds nothing", async () => {
	const { stdout } = await promisify(execFile)(hadolint!, ["--format", "json", fileURLToPath(DOCKERFILE)]);
	expect(JSON.parse(stdout)).toEqual([]);
});
