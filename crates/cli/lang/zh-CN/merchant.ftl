# `merchant`。
merchant-added = 已添加商户 { $mch_id }；运行中的服务会在一秒内生效
merchant-added-hint = 商户配置文件是 `{ $profile }`
merchant-revoked = 商户 { $mch_id } 的证书 { $serial } 从现在起被拒绝；运行中的服务会在一秒内生效
merchant-reissued = 商户 { $mch_id } 的新证书和私钥在 `{ $folder }`
merchant-none = 该目录中没有商户 { $mch_id }
merchant-none-hint = `hongbao merchant list` 列出已有的商户
merchant-exists-hint = 请换一个商户号；`hongbao merchant list` 列出已有的商户
merchant-line = { $mch_id }  { $name }  余额 { $yuan } 元  已吊销 { $revoked } 张证书
merchant-nothing = 无
