import { App, type AppProps, Tags, Validations } from "aws-cdk-lib";
import { AwsSolutionsChecks } from "cdk-nag";
import { BacklogStack } from "./backlog-stack.ts";
import { ControlStack } from "./control-stack.ts";
import { DashboardStack } from "./dashboard-stack.ts";
import { GpuStack } from "./gpu-stack.ts";
import { JudgesStack } from "./judges-stack.ts";
import { NetworkStack } from "./network-stack.ts";
import { readSettings } from "./settings.ts";
import { StorageStack } from "./storage-stack.ts";

/** Folders of the functions' bundles. */
export interface Bundles {
	readonly judges: string;
	readonly backlog: string;
}

/**
 * The deployment that the context describes, held to cdk-nag's AwsSolutions: `synth()` fails where a finding is not accepted.
 *
 * @throws {DnoError} (usage) a setting that cannot be
 */
export function createApp(bundles: Bundles, props: AppProps = {}): App {
	const app = new App(props);
	const settings = readSettings(app);
	const { name } = settings;
	const network = new NetworkStack(app, `${name}-network`, { settings });
	const { vpc, workers } = network;
	const storage = new StorageStack(app, `${name}-storage`, { vpc, workers, name });
	const shared = { settings, vpc, workers, storage };
	const judges = new JudgesStack(app, `${name}-judges`, { ...shared, bundle: bundles.judges });
	const control = new ControlStack(app, `${name}-control`, shared);
	new BacklogStack(app, `${name}-backlog`, { ...shared, bundle: bundles.backlog, alarms: judges.alarms });
	const gpu = new GpuStack(app, `${name}-gpu`, { ...shared, alarms: judges.alarms });
	new DashboardStack(app, `${name}-dashboard`, { settings, judges, gpu, control, storage });
	Tags.of(app).add("dno", name);
	Validations.of(app).addPlugins(new AwsSolutionsChecks(app, { verbose: true }));
	return app;
}
