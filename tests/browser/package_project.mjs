// Packages a project into one HTML page, as packager.turbowarp.org does.
//
//   node package_project.mjs PARTS PROJECT.sb3 CLOUD_HOST PAGE.html
//
// PARTS is the folder with node_modules. All options are the packager's usual ones but the cloud host; the
// project's id is of the kind that the packager's site gives to a project from a file.

import {readFile, writeFile} from 'node:fs/promises';
import {createRequire} from 'node:module';
import {join} from 'node:path';

const [parts, project, cloudHost, page] = process.argv.slice(2);
const {Packager, loadProject} = createRequire(join(parts, 'package.json'))('@turbowarp/packager');

// The packager gets from Scratch's site what a project names and does not bring: only the empty picture may be that.
globalThis.fetch = async url => {
    if (!url.includes('cd21514d0531fdffb22204e0ec5ed84a')) throw new Error(`the packager wants ${url}`);
    return new Response('<svg xmlns="http://www.w3.org/2000/svg" width="2" height="2"></svg>');
};

const packager = new Packager();
packager.project = await loadProject(await readFile(project), () => {});
packager.options.projectId = 'p4-starter';
packager.options.cloudVariables.cloudHost = cloudHost;
const {data} = await packager.package();
await writeFile(page, data);
