import { WORKER_UID, WORKSPACE_PATH } from "./settings.ts";

export interface GpuHostData {
	readonly region: string;
	/** With its tag. */
	readonly image: string;
	readonly registry: string;
	readonly fileSystem: string;
	readonly accessPoint: string;
	readonly secret: string;
	readonly logGroup: string;
	readonly group: string;
	readonly hook: string;
	readonly environment: Readonly<Record<string, string>>;
}

/** A missing image, a driver that is too old: what fails so often will not be mended by another try on this host. */
const WORKER_LIMITS = ["StartLimitIntervalSec=3600", "StartLimitBurst=5", "OnFailure=dno-give-up.service"];

/**
 * What a GPU host does when it starts: mounts the workspace, runs the worker's image, starts it again when it is not well, and
 * drains it before the group takes the host away. A spot interruption the worker notices by itself. A host that cannot be made
 * ready, or whose worker does not come up, gives itself up, and the group brings another one.
 *
 * @returns lines of a bash script; values may be tokens that CloudFormation fills in
 */
export function gpuUserData(data: GpuHostData): string[] {
	const { region, image, registry, secret } = data;
	const env = Object.entries({ ...data.environment, AWS_REGION: region }).map(([name, value]) => `${name}=${value}`);
	return [
		"set -euo pipefail",
		"# It would be paid for and counted as there; the template terminates whoever shuts down.",
		"trap 'shutdown -h now' ERR",
		"# The image is ECS's for its driver and container toolkit; no cluster has this host.",
		"systemctl mask ecs",
		"dnf install -y -q amazon-efs-utils awscli-2 jq",
		`mkdir -p ${WORKSPACE_PATH} /var/lib/dno`,
		`chown ${WORKER_UID}:${WORKER_UID} /var/lib/dno`,
		`mount -t efs -o tls,iam,accesspoint=${data.accessPoint} ${data.fileSystem}:/ ${WORKSPACE_PATH}`,
		"# The control worker names the workspace; a worker that came first would give it a random name.",
		`until test -e ${WORKSPACE_PATH}/workspace.json; do sleep 5; done`,
		...file("/usr/local/bin/dno-imds", "755", [
			"#!/bin/bash",
			"set -euo pipefail",
			"imds=http://169.254.169.254/latest",
			'token=$(curl -sf -X PUT "$imds/api/token" -H "X-aws-ec2-metadata-token-ttl-seconds: 60")',
			'curl -sf "$imds/meta-data/$1" -H "X-aws-ec2-metadata-token: $token"',
		]),
		...file("/etc/dno.env", "600", env),
		"# Keys stay in memory: /run is no disk.",
		...file("/usr/local/bin/dno-prepare", "755", [
			"#!/bin/bash",
			"set -euo pipefail",
			"umask 077",
			"# After a reboot it is not; a worker would take the empty folder for a workspace of its own.",
			`mountpoint -q ${WORKSPACE_PATH}`,
			`aws secretsmanager get-secret-value --region ${region} --secret-id ${secret} --query SecretString --output text \\`,
			`  | jq -r 'to_entries[] | select(.key | test("^[A-Z][A-Z0-9_]*$")) | "\\(.key)=\\(.value)"' > /run/dno-keys.env`,
			`aws ecr get-login-password --region ${region} | docker login --username AWS --password-stdin ${registry}`,
			`docker pull -q ${image}`,
		]),
		...file("/usr/local/bin/dno-worker", "755", [
			"#!/bin/bash",
			"set -euo pipefail",
			"name=$(dno-imds instance-id)",
			"exec docker run --rm --name dno --gpus all --network host --env-file /etc/dno.env --env-file /run/dno-keys.env \\",
			`  --log-driver awslogs --log-opt awslogs-region=${region} --log-opt awslogs-group=${data.logGroup} --log-opt awslogs-stream="$name" \\`,
			`  -v ${WORKSPACE_PATH}:${WORKSPACE_PATH} -v /var/lib/dno:/cache \\`,
			// The image's own check looks at /work.
			`  --health-cmd "node /app/cli/main.js worker health --workspace ${WORKSPACE_PATH}" \\`,
			`  ${image} worker gpu --workspace ${WORKSPACE_PATH} --name "$name" --cache /cache --device cuda`,
		]),
		"# Docker says that a container is unhealthy, and leaves it at that.",
		...file("/usr/local/bin/dno-watch", "755", [
			"#!/bin/bash",
			"set -euo pipefail",
			"while sleep 30; do",
			`  state=$(docker inspect --format '{{.State.Health.Status}}' dno 2>/dev/null || true)`,
			'  if [ "$state" = unhealthy ]; then systemctl restart dno-worker || true; fi',
			"done",
		]),
		...file("/usr/local/bin/dno-drain", "755", [
			"#!/bin/bash",
			"set -euo pipefail",
			'until [ "$(dno-imds autoscaling/target-lifecycle-state || true)" = Terminated ]; do sleep 5; done',
			"# The watch first, which would start again what is to end.",
			"systemctl stop dno-watch || true",
			"systemctl stop dno-worker || true",
			"aws autoscaling complete-lifecycle-action --lifecycle-action-result CONTINUE \\",
			`  --region ${region} --auto-scaling-group-name ${data.group} --lifecycle-hook-name ${data.hook} --instance-id "$(dno-imds instance-id)"`,
		]),
		"# By way of the drain, which tells the group at once; where that cannot be, without.",
		...file("/usr/local/bin/dno-give-up", "755", [
			"#!/bin/bash",
			"set -euo pipefail",
			"# What EC2 shows for an hour after the host has gone.",
			"journalctl --no-pager -n 40 -u dno-worker > /dev/console || true",
			"aws autoscaling set-instance-health --health-status Unhealthy --no-should-respect-grace-period \\",
			`  --region ${region} --instance-id "$(dno-imds instance-id)" || shutdown -h now`,
		]),
		...unit("dno-worker", WORKER_LIMITS, [
			"ExecStartPre=/usr/local/bin/dno-prepare",
			"ExecStart=/usr/local/bin/dno-worker",
			"# SIGTERM drains: training puts away a checkpoint and goes on elsewhere.",
			"ExecStop=/usr/bin/docker stop -t 100 dno",
			"TimeoutStartSec=1200",
			"TimeoutStopSec=110",
			"Restart=on-failure",
			"RestartSec=30",
		]),
		...unit("dno-give-up", [], ["Type=oneshot", "ExecStart=/usr/local/bin/dno-give-up"]),
		...unit("dno-watch", [], ["ExecStart=/usr/local/bin/dno-watch", "Restart=on-failure", "RestartSec=10"]),
		...unit("dno-drain", [], ["ExecStart=/usr/local/bin/dno-drain", "Restart=on-failure", "RestartSec=10"]),
		"systemctl daemon-reload",
		"# Not waited for: a worker that fails at first is tried again.",
		"systemctl enable --now --no-block dno-worker dno-watch dno-drain",
	];
}

function file(path: string, mode: string, lines: readonly string[]): string[] {
	return [`install -m ${mode} /dev/null ${path}`, `cat > ${path} <<'END'`, ...lines, "END"];
}

function unit(name: string, limits: readonly string[], service: readonly string[]): string[] {
	const lines = ["[Unit]", "After=docker.service network-online.target", ...limits, "[Service]", ...service];
	return file(`/etc/systemd/system/${name}.service`, "644", [...lines, "[Install]", "WantedBy=multi-user.target"]);
}
