/** `node bench/aws-cost.ts`: the costs of docs/aws.md, as Markdown. */

import { dollars, table } from "./markdown.ts";
import { REQUESTS } from "./scale.ts";
import { C } from "./scale-constants.ts";

const HOURS = 730;
const NIGHTS = 30;
/** Interface endpoints of infra/aws/network-stack.ts. */
const ENDPOINTS = 5;
/** Names in infra/backlog/metrics.ts. */
const METRICS = 5;
/** Three of the judges; of the backlog function one, and two over two metrics; five of the GPU pool, each over three. */
const ALARM_METRICS = 3 + 1 + 2 * 2 + 5 * 3;
/** Of infra/aws/gpu-stack.ts, in GB. */
const DISK = 300;
/** A night: two hours of one GPU host, 5,000 judgments over half an hour; a policy of 500 million parameters, or an adapter. */
const NIGHT = { gpuHours: 2, judgeHours: 0.5, calls: 5000, gigabytes: 2, weights: 1 };

interface Line {
	readonly what: string;
	readonly how: string;
	readonly dollars: number;
}

const sum = (lines: readonly Line[]) => lines.reduce((total, line) => total + line.dollars, 0);

const IDLE: readonly Line[] = [
	{
		what: "NAT gateway and its address",
		how: `${HOURS} h × (${C.natHour} + ${C.addressHour})`,
		dollars: HOURS * (C.natHour + C.addressHour),
	},
	{
		what: "interface endpoints",
		how: `${ENDPOINTS} × ${HOURS} h × ${C.endpointHour}`,
		dollars: ENDPOINTS * HOURS * C.endpointHour,
	},
	{
		what: "control worker, 1 vCPU and 2 GB",
		how: `${HOURS} h × (${C.fargateCpu} + 2 × ${C.fargateGb})`,
		dollars: HOURS * (C.fargateCpu + 2 * C.fargateGb),
	},
	{
		what: "backlog function, 3 s a minute of 0.25 GB",
		how: `43,800 × 3 s × 0.25 GB × ${C.lambdaSecond}`,
		dollars: 43_800 * 3 * 0.25 * C.lambdaSecond,
	},
	{
		what: "… which reads the secret every time",
		how: `43,800 × ${C.secretRead} / 10⁶`,
		dollars: (43_800 * C.secretRead) / 1e6,
	},
	{ what: "custom metrics", how: `${METRICS} × ${C.metricMonth}`, dollars: METRICS * C.metricMonth },
	{ what: "alarms", how: `${ALARM_METRICS} metrics × ${C.alarmMonth}`, dollars: ALARM_METRICS * C.alarmMonth },
	{
		what: "dashboard, key, secret",
		how: `${C.dashboardMonth} + ${C.kmsMonth} + ${C.secretMonth}`,
		dollars: C.dashboardMonth + C.kmsMonth + C.secretMonth,
	},
	{ what: "EFS, 5 GB", how: `5 GB × ${C.efsMonth}`, dollars: 5 * C.efsMonth },
	{ what: "S3, 50 GB", how: `50 GB × ${C.s3Month}`, dollars: 50 * C.s3Month },
	{ what: "images, 5 GB", how: `5 GB × ${C.ecrMonth}`, dollars: 5 * C.ecrMonth },
	{ what: "GPU hosts, judges", how: "none run", dollars: 0 },
];

const NIGHTLY: readonly Line[] = [
	{ what: "the idle deployment", how: "above", dollars: sum(IDLE) },
	{
		what: "a g6e.xlarge on the spot market",
		how: `${NIGHTS} × ${NIGHT.gpuHours} h × ${C.g6eSpot}`,
		dollars: NIGHTS * NIGHT.gpuHours * C.g6eSpot,
	},
	{
		what: `its disk of ${DISK} GB`,
		how: `${NIGHTS} × ${NIGHT.gpuHours} h / ${HOURS} h × ${DISK} GB × ${C.gp3Month}`,
		dollars: ((NIGHTS * NIGHT.gpuHours) / HOURS) * DISK * C.gp3Month,
	},
	{
		what: "judges, two invocations of 1 GB",
		how: `${NIGHTS} × ${NIGHT.judgeHours} h × 3,600 s × 2 × ${C.lambdaSecond}`,
		dollars: NIGHTS * NIGHT.judgeHours * 3600 * 2 * C.lambdaSecond,
	},
	{
		what: "traffic to judges and Temporal",
		how: `${NIGHTS} × ${NIGHT.gigabytes} GB × ${C.natGb}`,
		dollars: NIGHTS * NIGHT.gigabytes * C.natGb,
	},
	{
		what: "logs, 0.1 GB a night",
		how: `${NIGHTS} × 0.1 GB × ${C.logGb}`,
		dollars: NIGHTS * 0.1 * C.logGb,
	},
	{
		what: "S3, requests of the judgments",
		how: `${NIGHTS} × 5,000 × ${REQUESTS} / 10⁶`,
		dollars: (NIGHTS * NIGHT.calls * REQUESTS) / 1e6,
	},
	{
		what: `S3, a month of ${NIGHTS} nights' weights, ${NIGHT.weights} GB each`,
		how: `${NIGHTS} × ${NIGHT.weights} GB × ${C.s3Month}`,
		dollars: NIGHTS * NIGHT.weights * C.s3Month,
	},
	{
		what: "Temporal Cloud, actions",
		how: `${NIGHTS} × 5,100 × ${C.temporalActions} / 10⁶`,
		dollars: (NIGHTS * NIGHT.calls * 1.02 * C.temporalActions) / 1e6,
	},
];

const rows = (lines: readonly Line[]) => [
	...lines.map(({ what, how, dollars: value }) => [what, how, dollars(value)]),
	["**together**", "", `**${dollars(sum(lines))}**`],
];
const head = ["a month", "arithmetic", "cost"];
export const COST_TABLES: Readonly<Record<string, string>> = {
	idle: table(head, rows(IDLE)),
	nightly: table(head, rows(NIGHTLY)),
};

if (import.meta.main)
	for (const [name, text] of Object.entries(COST_TABLES)) console.log(`<!-- ${name} -->\n${text}\n`);
