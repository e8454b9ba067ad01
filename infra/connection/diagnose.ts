import { isIP, connect as openTcp, type Socket } from "node:net";
import { connect as openTls } from "node:tls";
import type { ErrorDetails } from "../../core/errors.ts";
import type { Credentials, ServerAccess } from "./server-access.ts";

type Diagnosis = Pick<ErrorDetails, "what" | "mend" | "isRetryable">;

const SEE = "see docs/connection.md";

/**
 * Why a connection to a server fails: gRPC keeps the reason to itself. Undefined when TCP and, where it is wanted, TLS work.
 */
export async function diagnose(server: ServerAccess, timeoutMs: number): Promise<Diagnosis | undefined> {
	const { address, credentials } = server;
	const place = splitAddress(address);
	const tls = credentials?.().tls;
	const tcp = await tryConnection(() => openTcp(place), "connect", 0, timeoutMs);
	if (tcp !== "open") return { ...ofTcp(tcp), isRetryable: true };
	if (tls !== undefined) {
		// With TLS 1.3 a server tells only after the handshake that it wanted another certificate.
		const answer = await tryTls(place, tls, { rejectUnauthorized: true, stayMs: 500, timeoutMs });
		return answer === "open" ? undefined : ofTls(answer, tls);
	}
	const answer = await tryTls(place, {}, { rejectUnauthorized: false, stayMs: 0, timeoutMs });
	const isTls = answer === "open" || answer.includes("ALERT");
	return isTls
		? { what: "The server speaks TLS, the client does not", mend: `Set TEMPORAL_TLS=true; ${SEE}` }
		: undefined;
}

function splitAddress(address: string) {
	const colon = address.lastIndexOf(":");
	return { host: address.slice(0, colon).replace(/^\[(.*)\]$/, "$1"), port: Number(address.slice(colon + 1)) };
}

function tryTls(
	place: { host: string; port: number },
	{ serverNameOverride, serverRootCACertificate, clientCertPair }: NonNullable<Credentials["tls"]>,
	{ rejectUnauthorized, stayMs, timeoutMs }: { rejectUnauthorized: boolean; stayMs: number; timeoutMs: number },
): Promise<string> {
	const servername = serverNameOverride ?? (isIP(place.host) === 0 ? place.host : undefined);
	const open = () =>
		openTls({
			...place,
			ALPNProtocols: ["h2"],
			rejectUnauthorized,
			...(servername !== undefined && { servername }),
			...(serverRootCACertificate && { ca: serverRootCACertificate }),
			...(clientCertPair && { cert: clientCertPair.crt, key: clientCertPair.key }),
		});
	return tryConnection(open, "secureConnect", stayMs, timeoutMs);
}

/** Waits for an event and then for another `stayMs`: "open", "closed", "timeout" or the code of the error. */
function tryConnection(open: () => Socket, event: string, stayMs: number, timeoutMs: number): Promise<string> {
	return new Promise((done) => {
		const socket = open();
		const finish = (answer: string) => {
			clearTimeout(timer);
			socket.destroy();
			done(answer);
		};
		let timer = setTimeout(() => finish("timeout"), timeoutMs);
		socket.on("error", (error: NodeJS.ErrnoException) => finish(error.code ?? error.message));
		socket.once("close", () => finish("closed"));
		socket.once(event, () => {
			clearTimeout(timer);
			timer = setTimeout(() => finish("open"), stayMs);
		});
	});
}

function ofTcp(code: string): Diagnosis {
	if (code === "ENOTFOUND" || code === "EAI_AGAIN") {
		return { what: "The host of this address is not known", mend: "Correct the address" };
	}
	const what = `No Temporal server answers (${code === "ECONNREFUSED" ? "connection refused" : code})`;
	const mend = "Start that server, correct the address, or unset TEMPORAL_ADDRESS to use the embedded server";
	return { what, mend };
}

function ofTls(code: string, { clientCertPair }: NonNullable<Credentials["tls"]>): Diagnosis {
	if (code === "ERR_TLS_CERT_ALTNAME_INVALID") {
		const mend = "Set TEMPORAL_TLS_SERVER_NAME to a name that the certificate has";
		return { what: "The server's certificate is for another name", mend };
	}
	if (/SELF_SIGNED|UNABLE_TO_|CERT_UNTRUSTED|INVALID_CA|CERT_SIGNATURE_FAILURE/.test(code)) {
		const mend = "Set TEMPORAL_TLS_SERVER_CA_CERT_PATH to the certificate of the authority that signed it";
		return { what: `The server's certificate is not trusted (${code})`, mend };
	}
	if (code === "CERT_HAS_EXPIRED") return { what: "The server's certificate has expired", mend: "Have it renewed" };
	if (/WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST/.test(code)) {
		return { what: "The server does not speak TLS", mend: "Correct the address, or set TEMPORAL_TLS=false" };
	}
	if (/ALERT_(CERTIFICATE_REQUIRED|HANDSHAKE_FAILURE|BAD_CERTIFICATE|UNKNOWN_CA|CERTIFICATE_)/.test(code)) {
		const what = `The server ${clientCertPair ? "refuses the client certificate" : "wants a client certificate"} (${code})`;
		const mend = clientCertPair
			? "Give the certificate that the server's owner has issued"
			: "Set TEMPORAL_TLS_CLIENT_CERT_PATH and TEMPORAL_TLS_CLIENT_KEY_PATH";
		return { what, mend };
	}
	if (code === "closed" || code === "ECONNRESET") {
		const mend = clientCertPair
			? "Check that it trusts the client certificate"
			: `It may want a client certificate; ${SEE}`;
		return { what: "The server closes the connection after the TLS handshake", mend };
	}
	return { what: `TLS with the server fails (${code})`, mend: `Check address and certificates; ${SEE}` };
}
