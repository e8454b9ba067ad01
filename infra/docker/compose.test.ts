import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { z } from "zod";

/*
 * As far as it goes without Docker: the file is YAML, has keys and values that the Compose specification knows, and what it
 * refers to is there. Whether the containers run was not tried.
 */

const duration = z.string().regex(/^\d+(s|m)$/);
const service = z.strictObject({
	image: z.string(),
	hostname: z.string().optional(),
	build: z.strictObject({ context: z.string(), dockerfile: z.string(), target: z.string() }).optional(),
	command: z.array(z.string()),
	user: z.string().optional(),
	environment: z.record(z.string(), z.string()).optional(),
	env_file: z.array(z.strictObject({ path: z.string(), required: z.boolean() })).optional(),
	ports: z.array(z.string().regex(/^[\d.]+:\d+:\d+$/)).optional(),
	volumes: z.array(z.string().regex(/^[^:]+(:-[^}]*\})?:\/[\w/]+(:ro)?$/)),
	depends_on: z.record(z.string(), z.strictObject({ condition: z.literal("service_healthy") })).optional(),
	healthcheck: z
		.strictObject({ test: z.array(z.string()), interval: duration, timeout: duration, retries: z.int() })
		.optional(),
	restart: z.literal("unless-stopped"),
	stop_grace_period: duration.optional(),
});
const compose = z.strictObject({
	name: z.string().regex(/^[a-z0-9][a-z0-9_-]*$/),
	"x-worker": z.object({}),
	services: z.record(z.string(), service),
	volumes: z.record(z.string(), z.null()),
});

const FOLDER = import.meta.dirname;
const { services, volumes } = compose.parse(
	parse(readFileSync(resolve(FOLDER, "compose.yaml"), "utf8"), { merge: true }),
);

test("a server and one worker of each kind, which wait for it and share a workspace", () => {
	const { temporal, ...workers } = services;
	expect(Object.keys(workers)).toEqual(["control", "judge", "gpu"]);
	for (const [kind, { command, volumes, depends_on, environment }] of Object.entries(workers)) {
		expect(command.slice(0, 4)).toEqual(["worker", kind, "--workspace", "/work"]);
		expect(volumes).toContain("workspace:/work");
		expect(Object.keys(depends_on!)).toEqual(["temporal"]);
		expect(environment).toEqual({ TEMPORAL_ADDRESS: "temporal:7233" });
	}
	expect(temporal!.healthcheck).toBeDefined();
});

test("a worker with a name of its own is on a host of its own, the same in each new container", () => {
	for (const { command, hostname } of Object.values(services)) {
		if (command.includes("--name")) expect(hostname).toBe(command[command.indexOf("--name") + 1]);
	}
	expect(services.gpu!.hostname).toBe("gpu-1");
});

test("nothing listens beyond this machine, and the server's version is pinned", () => {
	for (const port of Object.values(services).flatMap(({ ports }) => ports ?? []))
		expect(port).toMatch(/^127\.0\.0\.1:/);
	expect(services.temporal!.image).toMatch(/:\d+\.\d+\.\d+$/);
});

test("volumes and folders that are named are there", () => {
	for (const mount of Object.values(services).flatMap(({ volumes }) => volumes)) {
		const source = /^(?:\$\{\w+:-([^}]*)\}|([^:]+)):/.exec(mount)!;
		const name = source[1] ?? source[2]!;
		if (name.startsWith(".")) expect(existsSync(resolve(FOLDER, name)), name).toBe(true);
		else expect(Object.keys(volumes)).toContain(name);
	}
});

const DOCKERFILE = resolve(FOLDER, "Dockerfile");
test.skipIf(!existsSync(DOCKERFILE))(
	"the Dockerfile has the stages that are built (skipped: there is no Dockerfile)",
	() => {
		const text = readFileSync(DOCKERFILE, "utf8");
		for (const { build } of Object.values(services)) {
			if (build === undefined) continue;
			expect(resolve(FOLDER, build.context, build.dockerfile)).toBe(DOCKERFILE);
			expect(text).toMatch(new RegExp(`^FROM .* AS ${build.target}$`, "m"));
		}
	},
);
