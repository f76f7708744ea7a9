// Catch2 2.x has no ready-made main.
#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>
