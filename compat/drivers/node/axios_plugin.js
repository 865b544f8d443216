'use strict';
// Drives the unmodified npm package `wechatpay-axios-plugin`. Only the base URL,
// the CA and the credentials are configured; `workwx_sign` is made by the
// middleware that the package's README gives. `ok` is a value that it returned,
// `error` an AxiosError (its own kind), `crash` any other exception.
const fs = require('fs');
const { generateKeyPairSync } = require('crypto');
const { Wechatpay, Hash, Formatter } = require('wechatpay-axios-plugin');
const { serve, crash } = require('./serve');

// The APIv3 keys are mandatory for the constructor and unused by the v2 calls.
const unused = generateKeyPairSync('rsa', { modulusLength: 2048 });
const secretOf = (path) => fs.readFileSync(path, 'utf8').trim();

function workwxSign({ act_name, mch_billno, mch_id, nonce_str, re_openid, total_amount, wxappid }, secret) {
  const seven = { act_name, mch_billno, mch_id, nonce_str, re_openid, total_amount, wxappid };
  return Hash.md5(Formatter.queryStringLike(Formatter.ksort(seven)), secret, '1').toUpperCase();
}

function merchantOf(command) {
  const ca = fs.readFileSync(command.ca_file);
  switch (command.identity) {
    case 'pem': return { cert: fs.readFileSync(command.cert_file), key: fs.readFileSync(command.key_file), ca };
    case 'p12': return { pfx: fs.readFileSync(command.p12_file), passphrase: command.p12_password, ca };
    default: return { ca };
  }
}

function clientOf(command) {
  const wechatpay = new Wechatpay({
    mchid: command.mch_id,
    serial: 'UNUSED',
    privateKey: unused.privateKey,
    certs: { PUB_KEY_ID_0: unused.publicKey },
    secret: secretOf(command.api_key_file),
    baseURL: `${command.base_url}/`,
    merchant: merchantOf(command),
    timeout: command.timeout_ms,
  });
  const secret = secretOf(command.workwx_secret_file);
  wechatpay.client.v2.defaults.transformRequest.unshift((data) => {
    if (data?.wxappid) data.workwx_sign = workwxSign(data, secret);
    return data;
  });
  return wechatpay.v2.mmpaymkttransfers;
}

const calls = {
  query: (command) => clientOf(command).queryworkwxredpack.post(
    { ...command.fields, mch_id: command.mch_id, appid: command.appid }, { security: true },
  ),
  send: (command) => clientOf(command).sendworkwxredpack.post(
    { ...command.fields, mch_id: command.mch_id, wxappid: command.appid, nonce_str: command.nonce_str },
    { security: true },
  ),
  // A text goes out as the content of one `xml` element: nearer to a body of one's own the SDK does not come.
  raw: (command) => clientOf(command)[command.path.split('/').pop()].post(command.body, { security: true }),
};

async function exchange(command) {
  try {
    const { data } = await calls[command.op](command);
    if (data === null || typeof data !== 'object') return { outcome: 'ok', value: data ?? null };
    return { outcome: 'ok', err_code: data.err_code, fields: data };
  } catch (error) {
    if (!error?.isAxiosError) return crash(error);
    return {
      outcome: 'error',
      err_code: error.response?.data?.err_code,
      error_class: `AxiosError ${error.code}`,
      message: error.message,
    };
  }
}

function sign(command) {
  const make = command.method === 'workwx'
    ? (map) => workwxSign(map, command.key)
    : (map) => Hash.sign(command.method, map, command.key);
  return { signs: command.maps.map(make) };
}

serve(async (command) => (command.op === 'sign' ? sign(command) : exchange(command)));
