import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { inspect } from "node:util";
import { expect, test } from "vitest";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { createAuthority } from "../../test/tls/certificates.ts";
import { readEnvironment } from "./read-environment.ts";

const SECRET = "tmprl-0123456789-secret";

function file(name: string, text: string): string {
	const path = join(temporaryFolder(), name);
	writeFileSync(path, text);
	return path;
}

/** The error's message, and that neither it nor what hangs on it holds the secret. */
function failure(env: Record<string, string>): string {
	try {
		readEnvironment({ TEMPORAL_CONFIG_FILE: "", ...env });
	} catch (error) {
		expect(inspect(error, { depth: 9 })).not.toContain(SECRET);
		return (error as Error).message;
	}
	return "none";
}

test("without an address an embedded server is used, in the namespace that is named", () => {
	expect(readEnvironment({ TEMPORAL_CONFIG_FILE: "" })).toEqual({ namespace: "default" });
	expect(readEnvironment({ TEMPORAL_CONFIG_FILE: "", TEMPORAL_ADDRESS: "", TEMPORAL_NAMESPACE: "mine" })).toEqual({
		namespace: "mine",
	});
	expect(readEnvironment({ TEMPORAL_CONFIG_FILE: file("temporal.toml", "") })).toEqual({ namespace: "default" });
	expect(readEnvironment({ HOME: temporaryFolder() })).toEqual({ namespace: "default" });
});

test("variables come before the profile, the named profile before the default one", () => {
	const toml = `[profile.default]\naddress = "a:1"\n[profile.cloud]\naddress = "b:2"\nnamespace = "n"\napi_key = "${SECRET}"\n`;
	const config = { TEMPORAL_CONFIG_FILE: file("temporal.toml", toml) };
	expect(readEnvironment(config).server).toMatchObject({ address: "a:1", namespace: "default" });
	const { server } = readEnvironment({ ...config, TEMPORAL_PROFILE: "cloud" });
	expect(server).toMatchObject({ address: "b:2", namespace: "n" });
	expect(server!.credentials!()).toEqual({ tls: {}, apiKey: SECRET });
	expect(inspect(server, { depth: 9 })).not.toContain(SECRET);
	const over = { ...config, TEMPORAL_PROFILE: "cloud", TEMPORAL_ADDRESS: "c:3", TEMPORAL_TLS: "false" };
	expect(readEnvironment(over).server).toMatchObject({ address: "c:3", namespace: "n", origin: "TEMPORAL_ADDRESS" });
	expect(readEnvironment(over).server!.credentials!()).toEqual({ apiKey: SECRET });
});

test("the default file is found where Temporal's command line keeps it", () => {
	const home = temporaryFolder();
	const folder = join(home, process.platform === "darwin" ? "Library/Application Support" : ".config", "temporalio");
	mkdirSync(folder, { recursive: true });
	writeFileSync(join(folder, "temporal.toml"), '[profile.default]\naddress = "a:1"\n');
	expect(readEnvironment({ HOME: home }).server).toMatchObject({ address: "a:1" });
	expect(readEnvironment({ HOME: home, TEMPORAL_CONFIG_FILE: "" }).server).toBeUndefined();
});

test("a file or profile that cannot be used is one error, with its place and without its secrets", () => {
	const config = (toml: string) => ({ TEMPORAL_CONFIG_FILE: file("temporal.toml", toml) });
	expect(failure(config(`[profile.default]\napi_key = "${SECRET}"\naddress = \n`))).toMatch(
		/^\/.*temporal\.toml: Line 3, column \d+, is no TOML \(/,
	);
	expect(failure(config(`[profile.default]\napi_key = "${SECRET}\n`))).toMatch(/Line 2, .*is no TOML/);
	const named = { ...config("[profile.default]\n"), TEMPORAL_PROFILE: "cluod" };
	expect(failure(named)).toMatch(/temporal\.toml: The file has no such profile\. got "cluod"/);
	expect(failure({ ...config(""), TEMPORAL_PROFILE: "cloud" })).toMatch(/The file has no such profile/);
	expect(failure({ TEMPORAL_PROFILE: "cloud" })).toMatch(/^TEMPORAL_PROFILE: There is no config file/);
	expect(failure(config("[profile.default]\naddress = 7233\n"))).toMatch(/These settings are no text: address/);
	expect(failure({ TEMPORAL_CONFIG_FILE: "/nowhere/temporal.toml" })).toMatch(
		/^TEMPORAL_CONFIG_FILE: The file cannot be read \(ENOENT\)\. got "\/nowhere/,
	);
	expect(failure({ TEMPORAL_ADDRESS: "http://a:1/" })).toMatch(/^TEMPORAL_ADDRESS: The address is not host:port/);
	expect(failure({ TEMPORAL_API_KEY: SECRET })).toMatch(/^TEMPORAL_API_KEY: .*address is not given/);
	const noAddress = { ...config(`[profile.cloud]\napi_key = "${SECRET}"\n`), TEMPORAL_PROFILE: "cloud" };
	expect(failure(noAddress)).toMatch(/^profile cloud of .*address is not given/);
	const twoLines = { TEMPORAL_ADDRESS: "a:1", TEMPORAL_API_KEY: `${SECRET}\nx` };
	expect(failure(twoLines)).toMatch(/^TEMPORAL_API_KEY: The value has characters that no header may have/);
});

test("a certificate or key that cannot be used is one error, which names the variable or the profile's key", () => {
	const authority = createAuthority("Authority");
	const [mine, other] = [authority.issue("mine"), authority.issue("other")];
	const cert = file("c.pem", mine.cert);
	const env = (part: string, path: string) => ({ TEMPORAL_ADDRESS: "a:1", [`TEMPORAL_TLS_${part}_PATH`]: path });
	expect(failure(env("SERVER_CA_CERT", "/nowhere/ca.pem"))).toMatch(
		/^TEMPORAL_TLS_SERVER_CA_CERT_PATH: .*cannot be read \(ENOENT\)\. got "\/nowhere\/ca\.pem"/,
	);
	expect(failure(env("SERVER_CA_CERT", file("x", SECRET)))).toMatch(/is no certificate/);
	expect(failure(env("CLIENT_CERT", cert))).toMatch(
		/without a client key proves nothing.*TEMPORAL_TLS_CLIENT_KEY_PATH/,
	);
	const pair = (key: string, path = cert) => ({ ...env("CLIENT_CERT", path), TEMPORAL_TLS_CLIENT_KEY_DATA: key });
	expect(failure(pair(mine.key))).toBe("none");
	expect(failure(pair(other.key))).toMatch(/^TEMPORAL_TLS_CLIENT_KEY_DATA: The client key is not the certificate's/);
	expect(failure(pair(SECRET))).toMatch(/is no private key that can be read/);
	const old = authority.issue("old", { expired: true });
	expect(failure(pair(old.key, file("old.pem", old.cert)))).toMatch(/^TEMPORAL_TLS_CLIENT_CERT_PATH: .*has expired/);
	const toml = `[profile.default]\naddress = "a:1"\n[profile.default.tls]\nclient_cert_path = "/nowhere"\n`;
	expect(failure({ TEMPORAL_CONFIG_FILE: file("temporal.toml", toml) })).toMatch(
		/^client_cert_path in profile default of .*temporal\.toml: The client certificate cannot be read/,
	);
});
