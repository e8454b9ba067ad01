import { beforeEach, expect, test } from "vitest";
import type { Engine, Sampler } from "./engine.ts";
import { createLoadedSampler, type LoadedSampler } from "./loaded-sampler.ts";

let log: string[];
let loaded: LoadedSampler;
beforeEach(() => {
	log = [];
	loaded = createLoadedSampler();
});

function engineOf(fingerprint: string): Engine {
	const openSampler = async (folder: string, weights = "float32") => {
		const name = `${fingerprint} ${folder} ${weights}`;
		log.push(`open ${name}`);
		return { dispose: async () => void log.push(`dispose ${name}`) } as Partial<Sampler> as Sampler;
	};
	return { name: "test", fingerprint, openSampler } as Partial<Engine> as Engine;
}

const engine = engineOf("e");
const policy = (name: string, weights: "float32" | "int8" = "float32") => ({
	name,
	manifest: { sha256: `sha of ${name}`, bytes: 1 },
	weights,
	open: async () => name,
});
const use = (name: string, by = engine, weights?: "int8") =>
	loaded.use(by, policy(name, weights), async () => void log.push(`use ${name}`));

test("a policy is loaded once for the steps that sample from it, and let go before another one", async () => {
	await use("a");
	await use("a");
	await use("b");
	expect(log).toEqual(["open e a float32", "use a", "use a", "dispose e a float32", "open e b float32", "use b"]);
});

test("other weights or another engine are another policy", async () => {
	await use("a");
	await use("a", engine, "int8");
	await use("a", engineOf("f"), "int8");
	expect(log.filter((line) => line.startsWith("open"))).toEqual(["open e a float32", "open e a int8", "open f a int8"]);
});

test("training waits for the step that samples, and then has the memory", async () => {
	let finish = () => {};
	const sampling = loaded.use(engine, policy("a"), () => new Promise<void>((resolve) => (finish = resolve)));
	const training = loaded.train("a", async () => void log.push(`train, ${loaded.current()}`));
	await new Promise((resolve) => setImmediate(resolve));
	expect(log).toEqual(["open e a float32"]);
	finish();
	await Promise.all([sampling, training]);
	expect(log).toEqual(["open e a float32", "dispose e a float32", "train, a, in training"]);
	await loaded.train("a", async () => {});
	expect(log).toHaveLength(3);
});

test("what has the memory is told", async () => {
	expect(loaded.current()).toBeUndefined();
	await use("a", engine, "int8");
	expect(loaded.current()).toBe("a in int8");
	await expect(loaded.train("a", () => Promise.reject(new Error("cancelled")))).rejects.toThrow("cancelled");
	expect(loaded.current()).toBeUndefined();
});

test("a step that fails or is cancelled leaves nothing loaded, and the next one loads again", async () => {
	await expect(loaded.use(engine, policy("a"), () => Promise.reject(new Error("cancelled")))).rejects.toThrow(
		"cancelled",
	);
	await use("a");
	expect(log).toEqual(["open e a float32", "dispose e a float32", "open e a float32", "use a"]);
});
