import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { extname, join } from "node:path";
import type { DataConverter, Payload, PayloadCodec } from "@temporalio/common";
import proto from "@temporalio/proto";
import { DnoError } from "../../core/errors.ts";
import type { Environment } from "../download/progress.ts";
import { KEY_FILE, KEYS, type PayloadKey, readPayloadKeys } from "./payload-keys.ts";

const { Payload: Message } = proto.temporal.api.common.v1;

const CIPHER = "aes-256-gcm";
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** In development TypeScript, in the published package JavaScript. */
const FAILURE_CONVERTER = join(import.meta.dirname, `failure-converter${extname(import.meta.filename)}`);
/** The encoding of Temporal's own samples, so that their codec servers read these payloads, too. */
const ENCODING = "binary/encrypted";

/**
 * Encrypts what is kept at a Temporal server: arguments, results, memos, and the texts of failures. The first key encrypts, all decrypt;
 * what is not encrypted is read as it is, so that campaigns that began without a key go on with one.
 *
 * Without keys nothing is encrypted, and an encrypted payload is a clear error.
 */
export class EncryptionCodec implements PayloadCodec {
	readonly #keys: readonly PayloadKey[];

	constructor(keys: readonly PayloadKey[]) {
		this.#keys = keys;
	}

	async encode(payloads: Payload[]): Promise<Payload[]> {
		const key = this.#keys[0];
		return key === undefined ? payloads : payloads.map((payload) => encrypt(key, payload));
	}

	async decode(payloads: Payload[]): Promise<Payload[]> {
		return payloads.map((payload) => (textOf(payload, "encoding") === ENCODING ? this.#decrypt(payload) : payload));
	}

	#decrypt(payload: Payload): Payload {
		const id = textOf(payload, "encryption-key-id");
		const key = this.#keys.find((each) => each.id === id);
		if (key === undefined) {
			throw new DnoError({
				what: "This campaign's payloads are encrypted with a key that is not here",
				where: KEY_FILE,
				got: `key ${id}`,
				mend: `Set ${KEY_FILE} to the file that has this key, or ${KEYS} to what such a file holds`,
			});
		}
		try {
			return decrypt(key, payload.data!);
		} catch (cause) {
			throw new DnoError({
				what: "A payload cannot be decrypted: it was changed, or encrypted with another key of the same id",
				where: KEY_FILE,
				got: `key ${id}`,
				mend: "Give the key that the campaign was begun with",
				cause,
			});
		}
	}
}

/** How all clients and workers of a process convert payloads. Throws like {@link readPayloadKeys}. */
export function readDataConverter(env: Environment): DataConverter {
	const keys = readPayloadKeys(env);
	const payloadCodecs = [new EncryptionCodec(keys)];
	return keys.length === 0 ? { payloadCodecs } : { payloadCodecs, failureConverterPath: FAILURE_CONVERTER };
}

function encrypt(key: PayloadKey, payload: Payload): Payload {
	const nonce = randomBytes(NONCE_BYTES);
	const cipher = createCipheriv(CIPHER, key.bytes, nonce, { authTagLength: TAG_BYTES });
	const text = Message.encode(payload).finish();
	return {
		metadata: { encoding: Buffer.from(ENCODING), "encryption-key-id": Buffer.from(key.id) },
		data: Buffer.concat([nonce, cipher.update(text), cipher.final(), cipher.getAuthTag()]),
	};
}

function decrypt(key: PayloadKey, data: Uint8Array): Payload {
	const nonce = data.subarray(0, NONCE_BYTES);
	const decipher = createDecipheriv(CIPHER, key.bytes, nonce, { authTagLength: TAG_BYTES });
	decipher.setAuthTag(data.subarray(-TAG_BYTES));
	return Message.decode(Buffer.concat([decipher.update(data.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]));
}

function textOf({ metadata }: Payload, name: string): string | undefined {
	const value = metadata?.[name];
	return value && Buffer.from(value).toString("utf8");
}
