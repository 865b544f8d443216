'use strict';
// Drives the unmodified npm package `@tnwx/kits`. It takes a p12 alone, its CA
// through NODE_EXTRA_CA_CERTS and no time-out, and returns the reply's text; the
// text is then read by its own `Kits.xml2obj`. `ok` is a text that it could read
// (it looks at no code and no signature), `error` a rejection by its HTTP call
// or XML parser, `crash` any other exception.
const fs = require('fs');
const { Kits, HttpKit, SIGN_TYPE, SIGN_KEY_TYPE } = require('@tnwx/kits');
const { serve, crash } = require('./serve');

const WORKWX_FIELDS = ['act_name', 'mch_billno', 'mch_id', 'nonce_str', 're_openid', 'total_amount', 'wxappid'];
const secretOf = (path) => fs.readFileSync(path, 'utf8').trim();

function workwxSign(fields, secret) {
  const seven = Object.fromEntries(WORKWX_FIELDS.filter((name) => name in fields).map((name) => [name, fields[name]]));
  return Kits.generateSignature(seven, secret, SIGN_TYPE.SIGN_TYPE_MD5, SIGN_KEY_TYPE.SECRET);
}

function post(command, path, body) {
  if (command.identity !== 'p12') throw new Error('this SDK takes a p12 alone');
  return HttpKit.getHttpDelegate.httpPostWithCert(
    `${command.base_url}${path}`, body, fs.readFileSync(command.p12_file), command.p12_password,
  );
}

const bodies = {
  query: (command) => Kits.generateSignedXml(
    { ...command.fields, mch_id: command.mch_id, appid: command.appid, nonce_str: Kits.generateStr() },
    secretOf(command.api_key_file), SIGN_TYPE.SIGN_TYPE_MD5,
  ),
  send: (command) => {
    const fields = { ...command.fields, mch_id: command.mch_id, wxappid: command.appid, nonce_str: command.nonce_str };
    fields.workwx_sign = workwxSign(fields, secretOf(command.workwx_secret_file));
    return Kits.generateSignedXml(fields, secretOf(command.api_key_file), SIGN_TYPE.SIGN_TYPE_MD5);
  },
  raw: (command) => command.body,
};

const paths = {
  query: () => '/mmpaymkttransfers/queryworkwxredpack',
  send: () => '/mmpaymkttransfers/sendworkwxredpack',
  raw: (command) => command.path,
};

async function exchange(command) {
  try {
    const text = await post(command, paths[command.op](command), await bodies[command.op](command));
    const fields = await Kits.xml2obj(text);
    return { outcome: 'ok', err_code: fields.err_code, fields };
  } catch (error) {
    if (error instanceof TypeError || error instanceof RangeError) return crash(error);
    const status = error?.response?.status;
    return {
      outcome: 'error',
      error_class: [error?.constructor?.name ?? typeof error, error?.code ?? status].filter(Boolean).join(' '),
      message: String(error?.message ?? error),
    };
  }
}

function sign(command) {
  const make = command.method === 'workwx'
    ? (map) => workwxSign(map, command.key)
    : (map) => Kits.generateSignature(map, command.key, command.method);
  return { signs: command.maps.map(make) };
}

serve(async (command) => (command.op === 'sign' ? sign(command) : exchange(command)));
