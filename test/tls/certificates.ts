import { generateKeyPairSync } from "node:crypto";
import forge from "node-forge";

/** A certificate and its private key, both PEM. */
export interface Identity {
	readonly cert: string;
	readonly key: string;
}

/** An authority of a test's own, and what makes identities that it has signed. */
export interface Authority extends Identity {
	issue(name: string, options?: { readonly expired?: boolean }): Identity;
}

const DAY_MS = 86_400_000;

export function createAuthority(name: string): Authority {
	const own = make({ name, issuer: name, isAuthority: true, days: 2 });
	return {
		...own,
		issue: (subject, { expired = false } = {}) =>
			make({ name: subject, issuer: name, signer: own.key, isAuthority: false, days: expired ? -1 : 1 }),
	};
}

interface Wish {
	readonly name: string;
	readonly issuer: string;
	/** Absent for who signs itself. */
	readonly signer?: string;
	readonly isAuthority: boolean;
	readonly days: number;
}

/** Valid for "localhost" and its own name, not for 127.0.0.1. */
function make({ name, issuer, signer, isAuthority, days }: Wish): Identity {
	// Node makes keys a hundred times as fast.
	const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
	const key = privateKey.export({ type: "pkcs1", format: "pem" }) as string;
	const own = forge.pki.privateKeyFromPem(key);
	const certificate = forge.pki.createCertificate();
	certificate.publicKey = forge.pki.setRsaPublicKey(own.n, own.e);
	certificate.serialNumber = `01${forge.util.bytesToHex(forge.random.getBytesSync(8))}`;
	certificate.validity.notBefore = new Date(Date.now() - 2 * DAY_MS);
	certificate.validity.notAfter = new Date(Date.now() + days * DAY_MS);
	certificate.setSubject([{ name: "commonName", value: name }]);
	certificate.setIssuer([{ name: "commonName", value: issuer }]);
	const names = [name, "localhost"].map((value) => ({ type: 2, value }));
	certificate.setExtensions(
		isAuthority
			? [
					{ name: "basicConstraints", cA: true },
					{ name: "keyUsage", keyCertSign: true },
				]
			: [
					{ name: "subjectAltName", altNames: names },
					{ name: "keyUsage", digitalSignature: true, keyEncipherment: true },
					{ name: "extKeyUsage", serverAuth: true, clientAuth: true },
				],
	);
	certificate.sign(signer === undefined ? own : forge.pki.privateKeyFromPem(signer), forge.md.sha256.create());
	return { cert: forge.pki.certificateToPem(certificate), key };
}
