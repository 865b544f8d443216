import com.github.binarywang.wxpay.bean.entpay.EntPayRedpackQueryRequest;
import com.github.binarywang.wxpay.bean.entpay.EntPayRedpackQueryResult;
import com.github.binarywang.wxpay.bean.entpay.EntPayRedpackRequest;
import com.github.binarywang.wxpay.bean.entpay.EntPayRedpackResult;
import com.github.binarywang.wxpay.bean.result.BaseWxPayResult;
import com.github.binarywang.wxpay.config.WxPayConfig;
import com.github.binarywang.wxpay.service.WxPayService;
import com.github.binarywang.wxpay.service.impl.WxPayServiceApacheHttpImpl;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** One call of the SDK, as a command says. */
final class Exchange {
  private final JsonObject command;
  private final WxPayService service = new WxPayServiceApacheHttpImpl();

  Exchange(JsonObject command) throws Exception {
    this.command = command;
    WxPayConfig config = new WxPayConfig();
    config.setPayBaseUrl(text("base_url"));
    config.setAppId(text("appid"));
    config.setMchId(text("mch_id"));
    config.setMchKey(secret("api_key_file"));
    config.setEntPayKey(secret("workwx_secret_file"));
    config.setHttpTimeout(command.get("timeout_ms").getAsInt());
    config.setHttpConnectionTimeout(command.get("timeout_ms").getAsInt());
    Identity.configure(config, command);
    service.setConfig(config);
  }

  BaseWxPayResult run() throws Exception {
    return switch (text("op")) {
      case "query" -> service.getEntPayService().queryEnterpriseRedpack(
          EntPayRedpackQueryRequest.newBuilder().mchBillNo(field("mch_billno")).build());
      case "send" -> service.getEntPayService().sendEnterpriseRedpack(sendRequest());
      case "raw" -> raw();
      default -> throw new IllegalArgumentException(text("op"));
    };
  }

  private EntPayRedpackRequest sendRequest() {
    EntPayRedpackRequest request = new EntPayRedpackRequest();
    if (!command.has("without_mch_id")) {
      request.setMchId(text("mch_id")); // else the SDK leaves it out of `workwx_sign`
    }
    request.setMchBillNo(field("mch_billno"));
    request.setWxAppId(text("appid"));
    request.setSenderName(field("sender_name"));
    request.setAgentId(field("agentid"));
    request.setSenderHeaderMediaId(field("sender_header_media_id"));
    request.setReOpenid(field("re_openid"));
    request.setTotalAmount(Integer.valueOf(field("total_amount")));
    request.setWishing(field("wishing"));
    request.setActName(field("act_name"));
    request.setRemark(field("remark"));
    request.setSceneId(field("scene_id"));
    return request;
  }

  /** A body as it is, then the steps that the SDK's own query takes with the reply. */
  private BaseWxPayResult raw() throws Exception {
    String reply = service.post(service.getPayBaseUrl() + text("path"), text("body"), true);
    Class<? extends BaseWxPayResult> type = text("path").endsWith("/sendworkwxredpack")
        ? EntPayRedpackResult.class : EntPayRedpackQueryResult.class;
    BaseWxPayResult result = BaseWxPayResult.fromXML(reply, type);
    result.checkResult(service, null, true);
    return result;
  }

  private String field(String name) {
    JsonElement value = command.getAsJsonObject("fields").get(name);
    return value == null || value.isJsonNull() ? null : value.getAsString();
  }

  private String text(String name) {
    return command.get(name).getAsString();
  }

  private String secret(String name) throws Exception {
    return Files.readString(Path.of(text(name)), StandardCharsets.UTF_8).trim();
  }
}
