import type { ServerAccess } from "./server-access.ts";

/** The options that the client's `Connection` and the workers' `NativeConnection` have in common. */
export function connectionOptions({ address, credentials }: ServerAccess) {
	const { tls, apiKey, metadata } = credentials?.() ?? {};
	return {
		address,
		// An API key alone turns TLS on in the SDK; who has turned it off by name means it.
		tls: tls ?? false,
		...(apiKey !== undefined && { apiKey }),
		...(metadata !== undefined && { metadata: { ...metadata } }),
	};
}
