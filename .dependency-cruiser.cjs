/** Who may import whom: the folder rule of docs/architecture.md. Imports of types are free. */
const folders = "^(core|workflows|activities|gpu-worker|infra|cli|report|examples|bench|test)/";

module.exports = {
	forbidden: [
		{
			name: "no-circular",
			comment: "the gradient of one op family is written with ops of another, and the other way round",
			severity: "error",
			from: { pathNot: "^gpu-worker/graph/ops/" },
			to: { circular: true },
		},
		{
			name: "core-is-pure",
			comment: "core/ runs in the workflow sandbox: zod and itself only, no node:* and no I/O",
			severity: "error",
			from: { path: "^core/", pathNot: "\\.test\\.ts$" },
			to: { pathNot: ["^core/", "^node_modules/zod/"] },
		},
		{
			name: "workflows-import-core",
			comment: "workflows/ runs in the sandbox: core/ and Temporal's workflow package; of activities the types alone",
			severity: "error",
			from: { path: "^workflows/", pathNot: "\\.test\\.ts$" },
			to: { pathNot: ["^core/", "^workflows/", "^node_modules/@temporalio/workflow/"] },
		},
		{
			name: "activities-are-serverless-safe",
			comment: "activities/ must load where there is no engine",
			severity: "error",
			from: { path: "^activities/", pathNot: "\\.test\\.ts$" },
			to: { path: ["^(gpu-worker|workflows|infra|cli)/", "onnxruntime"] },
		},
		{
			name: "report-is-pure",
			comment: "report/ turns data into a page and knows core/ only",
			severity: "error",
			from: { path: "^report/", pathNot: "\\.test\\.ts$" },
			to: { path: folders, pathNot: ["^core/", "^report/"] },
		},
		{
			name: "gpu-worker-knows-no-workflow",
			severity: "error",
			from: { path: "^gpu-worker/", pathNot: "\\.test\\.ts$" },
			to: { path: "^(workflows|infra|cli|report)/" },
		},
		{
			name: "only-the-engine-loads-onnxruntime",
			severity: "error",
			from: { pathNot: ["^gpu-worker/", "^bench/"] },
			to: { path: "onnxruntime" },
		},
		{
			name: "functions-load-no-engine",
			comment:
				"what a serverless function or a worker without an engine loads, by whatever way: no onnxruntime, no GPU worker",
			severity: "error",
			from: { path: "^infra/(lambda/(handler|create-handler)|pool/judge-workers|workspace/campaign-activities)\\.ts$" },
			to: { reachable: true, path: "^(gpu-worker|workflows)/|onnxruntime" },
		},
		{
			name: "infra-knows-no-command",
			severity: "error",
			from: { path: "^infra/", pathNot: "\\.test\\.ts$" },
			to: { path: "^cli/" },
		},
		{
			name: "only-the-aws-app-knows-cdk",
			comment: "aws-cdk-lib is for who deploys, not for who installs: infra/aws/ is not in the published package",
			severity: "error",
			from: { pathNot: "^infra/aws/" },
			to: { path: ["^infra/aws/", "^node_modules/(aws-cdk-lib|cdk-nag|constructs)/"] },
		},
		{
			name: "nothing-imports-examples",
			severity: "error",
			from: { pathNot: ["^examples/", "^test/", "\\.test\\.ts$", "^bench/"] },
			to: { path: "^examples/" },
		},
	],
	options: {
		doNotFollow: { path: "node_modules" },
		exclude: { path: "^(dist|coverage|runs)/" },
		// Type imports are erased before anything runs, so they may cross any line.
		tsPreCompilationDeps: false,
		detectProcessBuiltinModuleCalls: true,
		enhancedResolveOptions: {
			extensions: [".ts", ".js"],
			exportsFields: ["exports"],
			conditionNames: ["import", "node"],
		},
	},
};
