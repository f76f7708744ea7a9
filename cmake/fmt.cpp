// The bodies that the headers of fmt (9 to 12) only declare, compiled once: what a compiled fmt exports, as
// far as qwenfit uses it.
#include <fmt/format-inl.h>

#if FMT_VERSION >= 120000
template std::locale fmt::locale_ref::get<std::locale>() const;
#else
template std::locale fmt::detail::locale_ref::get<std::locale>() const;
template void fmt::detail::vformat_to(buffer<char>&, string_view, basic_format_args<format_context>,
                                      locale_ref);
#endif
template fmt::detail::dragonbox::decimal_fp<float> fmt::detail::dragonbox::to_decimal(float) noexcept;
template fmt::detail::dragonbox::decimal_fp<double> fmt::detail::dragonbox::to_decimal(double) noexcept;
template fmt::detail::thousands_sep_result<char> fmt::detail::thousands_sep_impl(locale_ref);
template char fmt::detail::decimal_point_impl(locale_ref);
template void fmt::detail::buffer<char>::append(const char*, const char*);
