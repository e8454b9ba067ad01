import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import type { ClientConfigProfile, ConfigDataSource } from "@temporalio/envconfig";
import { DnoError } from "../../core/errors.ts";
import type { Environment } from "../download/progress.ts";
import type { Credentials } from "./server-access.ts";

/** The parts of TLS, each with its name and the stem of its variables: `TEMPORAL_TLS_…_PATH` and `…_DATA`. */
const PARTS = {
	clientCert: { name: "client certificate", variable: "CLIENT_CERT" },
	clientKey: { name: "client key", variable: "CLIENT_KEY" },
	serverCACert: { name: "certificate of the server's authority", variable: "SERVER_CA_CERT" },
} as const;
type Part = keyof typeof PARTS;

/**
 * Keys and certificates, read and looked at before a connection needs them: what the libraries say about bad ones is
 * neither clear nor free of secrets.
 *
 * @param inFile where values that no variable sets stand
 * @returns undefined for a server that wants none
 * @throws DnoError (usage)
 */
export function readCredentials(
	{ tls, apiKey, grpcMeta }: ClientConfigProfile,
	env: Environment,
	inFile: string,
): Credentials | undefined {
	const fail = (where: string, what: string, mend: string, got?: string): never => {
		throw new DnoError({ what, where, mend, kind: "usage", ...(got !== undefined && { got }) });
	};
	const key = apiKey?.trim() || undefined;
	const ofKey = env.TEMPORAL_API_KEY ? "TEMPORAL_API_KEY" : `api_key in ${inFile}`;
	const ofHeader = (name: string) => `the header ${name} (TEMPORAL_GRPC_META_…, or grpc_meta in ${inFile})`;
	const sent: [string, string | undefined][] = Object.entries(grpcMeta ?? {}).map(([k, v]) => [ofHeader(k), v]);
	for (const [where, value] of [[ofKey, key] as const, ...sent]) {
		if (value !== undefined && !/^[\x20-\x7e]+$/.test(value)) {
			fail(where, "The value has characters that no header may have", "Set it to the value alone, in one line");
		}
	}
	// Who has a key wants TLS, as in all of Temporal's tools; who turns it off says so.
	const isTls = tls === undefined ? key !== undefined : tls.disabled !== true;
	if (!isTls && key === undefined && grpcMeta === undefined) return undefined;
	const headers = grpcMeta && Object.keys(grpcMeta).length > 0 ? { metadata: grpcMeta } : {};
	return {
		...(isTls && { tls: readTls(tls, env, inFile, fail) }),
		...(key !== undefined && { apiKey: key }),
		...headers,
	};
}

function readTls(
	tls: ClientConfigProfile["tls"] = {},
	env: Environment,
	inFile: string,
	fail: (where: string, what: string, mend: string, got?: string) => never,
): NonNullable<Credentials["tls"]> {
	const whereOf = (part: Part) => {
		const stem = `TEMPORAL_TLS_${PARTS[part].variable}`;
		const set = [`${stem}_PATH`, `${stem}_DATA`].find((variable) => env[variable]);
		return set ?? `${PARTS[part].variable.toLowerCase()}_path in ${inFile}`;
	};
	const read = (part: Part): Buffer | undefined => {
		const source = tls[part];
		if (source === undefined) return undefined;
		const { name } = PARTS[part];
		const path = "path" in source ? source.path : undefined;
		let data: Buffer;
		try {
			data = load(source);
		} catch (error) {
			const { code } = error as NodeJS.ErrnoException;
			return fail(whereOf(part), `The ${name} cannot be read (${code})`, "Correct the path", path);
		}
		return data;
	};
	const certificateOf = (part: Part, data: Buffer | undefined): X509Certificate | undefined => {
		if (data === undefined) return undefined;
		const { name } = PARTS[part];
		const certificate = attempt(() => new X509Certificate(data));
		if (certificate === undefined) return fail(whereOf(part), `The ${name} is no certificate`, "Give it in PEM format");
		if (new Date(certificate.validTo).getTime() < Date.now()) {
			fail(whereOf(part), `The ${name} has expired`, "Give one that is valid", certificate.validTo);
		}
		return certificate;
	};
	const [crt, key, authority] = [read("clientCert"), read("clientKey"), read("serverCACert")];
	certificateOf("serverCACert", authority);
	const certificate = certificateOf("clientCert", crt);
	if ((crt === undefined) !== (key === undefined)) {
		const [given, missing]: Part[] = crt === undefined ? ["clientKey", "clientCert"] : ["clientCert", "clientKey"];
		const mend = `Set TEMPORAL_TLS_${PARTS[missing!].variable}_PATH, too`;
		fail(whereOf(given!), `A ${PARTS[given!].name} without a ${PARTS[missing!].name} proves nothing`, mend);
	}
	if (key !== undefined) {
		const parsed: KeyObject | undefined = attempt(() => createPrivateKey(key));
		const mend = "Give the certificate's private key in PEM format, without a password";
		if (parsed === undefined)
			return fail(whereOf("clientKey"), "The client key is no private key that can be read", mend);
		if (!certificate!.checkPrivateKey(parsed))
			fail(whereOf("clientKey"), "The client key is not the certificate's", mend);
	}
	return {
		...(tls.serverName !== undefined && { serverNameOverride: tls.serverName }),
		...(authority !== undefined && { serverRootCACertificate: authority }),
		...(crt !== undefined && key !== undefined && { clientCertPair: { crt, key } }),
	};
}

function load(source: ConfigDataSource): Buffer {
	return "path" in source ? readFileSync(source.path) : Buffer.from(source.data as Uint8Array);
}

function attempt<T>(make: () => T): T | undefined {
	try {
		return make();
	} catch {
		return undefined;
	}
}
