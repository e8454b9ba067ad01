import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { inspect } from "node:util";
import { defaultPayloadConverter, type Payload } from "@temporalio/common";
import { expect, test } from "vitest";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { EncryptionCodec, readDataConverter } from "./payload-codec.ts";
import { readPayloadKeys } from "./payload-keys.ts";

const TEXT = "what is seven by eight?";
const value = { prompt: TEXT, list: [1, 2] };
const payload = defaultPayloadConverter.toPayload(value) as Payload;
const key = (id: string) => ({ id, bytes: randomBytes(32) });

/** A file of keys, as the environment names it. */
function keyFile(text: string) {
	const file = join(temporaryFolder(), "keys");
	writeFileSync(file, text);
	return { DNO_PAYLOAD_KEY_FILE: file };
}

test("what is encoded is decoded, and what is kept shows nothing, also not that it is the same", async () => {
	const codec = new EncryptionCodec([key("a")]);
	const [first, second] = await codec.encode([payload, payload]);
	expect(Buffer.from(payload.data!).toString("latin1")).toContain(TEXT);
	for (const { data, metadata } of [first!, second!]) {
		expect(Buffer.from(data!).toString("latin1")).not.toContain("seven");
		expect(Buffer.from(metadata!.encoding!).toString()).toBe("binary/encrypted");
	}
	expect(first!.data).not.toEqual(second!.data);
	const decoded = await codec.decode([first!, second!]);
	expect(decoded.map((each) => defaultPayloadConverter.fromPayload(each))).toEqual([value, value]);
});

test("the first key encrypts, the others still decrypt, and what was never encrypted is read as it is", async () => {
	const [old, next] = [key("old"), key("next")];
	const [kept] = await new EncryptionCodec([old]).encode([payload]);
	const rotated = new EncryptionCodec([next, old]);
	const [fresh] = await rotated.encode([payload]);
	expect(Buffer.from(fresh!.metadata!["encryption-key-id"]!).toString()).toBe("next");
	const decoded = await rotated.decode([kept!, fresh!, payload]);
	expect(decoded.map((each) => defaultPayloadConverter.fromPayload(each))).toEqual([value, value, value]);
});

test("a missing key, another key of the same id and a changed payload are clear errors", async () => {
	const [encrypted] = await new EncryptionCodec([key("a")]).encode([payload]);
	for (const keys of [[], [key("b")]]) {
		const error = await new EncryptionCodec(keys).decode([encrypted!]).catch((e) => e);
		expect(error.message).toMatch(/^DNO_PAYLOAD_KEY_FILE: .*a key that is not here\. got "key a"\. Set DNO_PAYLOAD/);
	}
	await expect(new EncryptionCodec([key("a")]).decode([encrypted!])).rejects.toThrow(/cannot be decrypted/);
	const mine = key("a");
	const [whole] = await new EncryptionCodec([mine]).encode([payload]);
	const { length } = whole!.data!;
	for (const place of [0, 11, 12, length - 17, length - 1]) {
		const data = Buffer.from(whole!.data!);
		data[place]! ^= 1;
		const changed = new EncryptionCodec([mine]).decode([{ ...whole!, data }]);
		await expect(changed, `byte ${place}`).rejects.toThrow(/cannot be decrypted/);
	}
	const cut = new EncryptionCodec([mine]).decode([{ ...whole!, data: whole!.data!.subarray(0, 20) }]);
	await expect(cut).rejects.toThrow(/cannot be decrypted/);
});

test("keys are read as base64 or hex, with an id or without, in their order", () => {
	const [a, b, c] = [randomBytes(32), randomBytes(32), randomBytes(32)];
	const text = `# keys\nnew ${a.toString("base64")}\n\n${b.toString("hex")}\r\n${c.toString("base64")}\n`;
	const keys = readPayloadKeys(keyFile(text));
	expect(keys.map(({ bytes }) => bytes.toString("hex"))).toEqual([a, b, c].map((each) => each.toString("hex")));
	expect(keys[0]!.id).toBe("new");
	expect(keys[1]!.id).toMatch(/^[0-9a-f]{12}$/);
	expect(keys[1]!.id).not.toBe(keys[2]!.id);
	expect(readPayloadKeys({})).toEqual([]);
	expect(readPayloadKeys({ DNO_PAYLOAD_KEY_FILE: "" })).toEqual([]);
});

test("keys come from a variable, too: on lines, or on one line with commas as docker --env-file has it", () => {
	const [a, b] = [randomBytes(32), randomBytes(32)];
	const [text, hex] = [a.toString("base64"), b.toString("hex")];
	for (const given of [`new ${text}\n${hex}\n`, `new ${text}, ${hex}`, `# keys, and ids\nnew ${text},${hex},`]) {
		const keys = readPayloadKeys({ DNO_PAYLOAD_KEYS: given, DNO_PAYLOAD_KEY_FILE: "" });
		expect(keys.map(({ bytes }) => bytes.toString("hex"))).toEqual([a.toString("hex"), hex]);
		expect(keys[0]!.id).toBe("new");
	}
	expect(() => readPayloadKeys({ DNO_PAYLOAD_KEYS: `${text},${text.slice(1)}` })).toThrow(
		/^DNO_PAYLOAD_KEYS:1: This is no payload key/,
	);
	expect(readPayloadKeys({ DNO_PAYLOAD_KEYS: "" })).toEqual([]);
});

test("keys in a file and in a variable at once are an error: which one encrypts would be a guess", () => {
	const key = randomBytes(32).toString("base64");
	const read = () => readPayloadKeys({ ...keyFile(key), DNO_PAYLOAD_KEYS: key });
	expect(read).toThrow(/^DNO_PAYLOAD_KEY_FILE, DNO_PAYLOAD_KEYS: Payload keys are given twice/);
});

test("a file of keys that is none is an error of its line, without what stands there", () => {
	const good = randomBytes(32).toString("base64");
	const almost = randomBytes(31).toString("base64");
	const bad = [
		[`${good}\n${almost}\n`, /keys:2: This is no payload key/],
		[`a b ${good}`, /keys:1: This is no payload key/],
		[`a/b ${good}`, /keys:1: This id of a key is none/],
		[`a ${good}\na ${randomBytes(32).toString("hex")}`, /keys:2: This key's id was there before/],
		["# none\n", /keys: There is no payload key here/],
	] as const;
	for (const [text, expected] of bad) {
		const read = () => readPayloadKeys(keyFile(text));
		expect(read).toThrow(expected);
		try {
			read();
		} catch (error) {
			expect(inspect(error)).not.toMatch(
				new RegExp(`${good.slice(0, 12).replace(/[+/]/g, ".")}|${almost.slice(0, 12).replace(/[+/]/g, ".")}`),
			);
		}
	}
	const absent = () => readPayloadKeys({ DNO_PAYLOAD_KEY_FILE: "/nowhere/keys" });
	expect(absent).toThrow(/DNO_PAYLOAD_KEY_FILE: .*ENOENT.*openssl rand -base64 32/);
});

test("a converter that is printed shows no key", () => {
	const secret = randomBytes(32);
	const printed = inspect(readDataConverter(keyFile(secret.toString("hex"))), { depth: 9, showHidden: true });
	expect(printed).toContain("EncryptionCodec");
	expect(printed.replaceAll(/[^0-9a-f]/g, "")).not.toContain(secret.toString("hex").slice(0, 16));
});
