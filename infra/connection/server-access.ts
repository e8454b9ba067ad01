import type { DataConverter } from "@temporalio/common";

/** What proves to a server who is calling, and to the caller which server it is. */
export interface Credentials {
	readonly tls?: {
		readonly serverNameOverride?: string;
		readonly serverRootCACertificate?: Buffer;
		readonly clientCertPair?: { readonly crt: Buffer; readonly key: Buffer };
	};
	readonly apiKey?: string;
	/** gRPC headers of every request. */
	readonly metadata?: Readonly<Record<string, string>>;
}

/** How a server is reached, by the client's connection and the workers' alike. */
export interface ServerAccess {
	/** host:port */
	readonly address: string;
	/** A function, so that no event, log or error prints what it returns by printing the whole object. */
	readonly credentials?: () => Credentials;
}

/** The settings of one namespace on a server, as clients and workers take them. */
export interface NamespaceAccess extends ServerAccess {
	readonly namespace: string;
	/** How payloads are encrypted; the same for all who work on a campaign. */
	readonly dataConverter?: DataConverter;
}
