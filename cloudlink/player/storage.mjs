// The asset storage that a virtual machine wants: it keeps what the machine takes out of the .sb3 file.
//
// The names of formats and kinds are those of Scratch's file format. Nothing is ever fetched: in place of an
// asset that is not in the file the machine gets an empty one, and costumes keep their names and numbers.

import {createHash} from 'node:crypto';

const DATA_FORMATS = {
    JPG: 'jpg', JSON: 'json', MP3: 'mp3', PNG: 'png', SB2: 'sb2', SB3: 'sb3', SVG: 'svg', WAV: 'wav',
};

function assetType(name, contentType, runtimeFormat, immutable) {
    return {name, contentType, runtimeFormat, immutable};
}

const ASSET_TYPES = {
    ImageBitmap: assetType('ImageBitmap', 'image/png', DATA_FORMATS.PNG, true),
    ImageVector: assetType('ImageVector', 'image/svg+xml', DATA_FORMATS.SVG, true),
    Project: assetType('Project', 'application/json', DATA_FORMATS.JSON, false),
    Sound: assetType('Sound', 'audio/x-wav', DATA_FORMATS.WAV, true),
    Sprite: assetType('Sprite', 'application/json', DATA_FORMATS.JSON, true),
};

class Asset {
    constructor(type, format, data, assetId) {
        this.assetType = type;
        this.dataFormat = format;
        this.data = data;
        this.assetId = assetId;
        this.clean = true;
        this.dependencies = [];
    }

    decodeText() {
        return new TextDecoder().decode(this.data);
    }
}

export class Storage {
    constructor() {
        this.AssetType = ASSET_TYPES;
        this.DataFormat = DATA_FORMATS;
        this.assets = new Map();
        this.defaultAssetId = {};  // the machine asks whether it is there; load() makes it unused
        // The machine's way to the web, for extensions such as Translate: there is none here.
        this.scratchFetch = {
            scratchFetch: async url => { throw new Error(`the player fetches nothing: ${url}`); },
            setMetadata: () => {},
            RequestMetadata: {},
        };
    }

    /** Keep an asset under `id`, or under the MD5 of its data when `generateId` is true. */
    createAsset(type, format, data, id, generateId) {
        const assetId = generateId ? createHash('md5').update(data).digest('hex') : id;
        const asset = new Asset(type, format, data, assetId);
        this.assets.set(assetId, asset);
        return asset;
    }

    get(id) {
        return this.assets.get(id) ?? null;
    }

    async load(type, id, format) {
        return this.get(id) ?? this.createAsset(type, format, new Uint8Array(), id, false);
    }
}
