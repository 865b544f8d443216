import com.github.binarywang.wxpay.bean.entpay.EntPayRedpackQueryRequest;
import com.github.binarywang.wxpay.bean.entpay.EntPayRedpackQueryResult;
import com.github.binarywang.wxpay.bean.result.BaseWxPayResult;
import com.github.binarywang.wxpay.config.WxPayConfig;
import com.github.binarywang.wxpay.service.impl.WxPayServiceApacheHttpImpl;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** One client turn with WxJava: build and sign the request, parse and verify the reply. */
public class WxJavaTurn {
  public static void main(String[] arguments) throws Exception {
    String reply = new String(System.in.readAllBytes(), StandardCharsets.UTF_8);
    WxPayConfig config = new WxPayConfig();
    config.setAppId("wx8888888888888888");
    config.setMchId("10000098");
    config.setMchKey("192006250b4c09247ec02edce69f6a2d");
    WxPayServiceApacheHttpImpl service = new WxPayServiceApacheHttpImpl();
    service.setConfig(config);
    double[] batches = new double[10];
    for (int batch = 0; batch < batches.length; batch++) {
      int calls = 4000;
      long started = System.nanoTime();
      for (int i = 0; i < calls; i++) {
        EntPayRedpackQueryRequest request =
            EntPayRedpackQueryRequest.newBuilder().mchBillNo("10000098201707200000000001").build();
        request.setNonceStr("5K8264ILTKCH16CQ2502SI8ZNMTM67VS");
        request.checkAndSign(config);
        String body = request.toXML();
        EntPayRedpackQueryResult result = BaseWxPayResult.fromXML(reply, EntPayRedpackQueryResult.class);
        result.checkResult(service, "MD5", true);
        if (body.length() < 200) throw new IllegalStateException("the turn went wrong");
      }
      batches[batch] = (System.nanoTime() - started) / 1e3 / calls;
    }
    double[] warm = Arrays.copyOfRange(batches, 4, batches.length);
    Arrays.sort(warm);
    System.out.printf("%.3f%n", warm[3]);
  }
}
