import { readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { afterEach, expect, test, vi } from "vitest";
import { DnoError } from "../../../core/errors.ts";
import { temporaryFolder } from "../../../test/temporary-folder.ts";
import { writeExternalWeights } from "./external-weights.ts";

afterEach(() => vi.unstubAllEnvs());

test("a full temporary folder is one error that names it, and nothing is left there", async () => {
	vi.stubEnv("TMPDIR", temporaryFolder());
	const weights = function* (): Generator<[string, Float32Array]> {
		yield ["first", new Float32Array(8)];
		throw Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
	};
	const writing = writeExternalWeights(weights());
	await expect(writing).rejects.toThrow(`${tmpdir()}: the disk is full. To load a model`);
	await expect(writing).rejects.toMatchObject({ isRetryable: true });
	expect(readdirSync(tmpdir())).toEqual([]);
});

test("a temporary folder that is a file is one error that names it", async () => {
	vi.stubEnv("TMPDIR", import.meta.filename);
	await expect(writeExternalWeights([])).rejects.toThrow(/external-weights\.test\.ts: .* set TMPDIR/);
});

test("weights that cannot be read keep their own error", async () => {
	const error = new DnoError({ what: "the weights cannot be read", where: "model.safetensors", got: "EACCES" });
	const weights = function* (): Generator<[string, Float32Array]> {
		yield ["first", new Float32Array(8)];
		throw error;
	};
	await expect(writeExternalWeights(weights())).rejects.toBe(error);
});
